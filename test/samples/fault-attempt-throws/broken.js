import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    mta.attempt.tap(({ transport }) => {
      if (transport === 'smtp') throw new Error('secret')
    })
  },
})
