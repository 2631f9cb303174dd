import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    mta.helo.tap(({ helo }) => {
      if (helo.name === 'bad.example') throw new Error('secret: the list is gone')
    })
  },
})
