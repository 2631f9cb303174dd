import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    mta.connect.tap(() => {
      throw new Error('secret: database gone')
    })
  },
})
