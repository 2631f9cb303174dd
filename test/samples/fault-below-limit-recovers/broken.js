import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    let calls = 0
    mta.rcpt.tap(() => {
      if (++calls % 2 === 1) throw new Error('secret')
    })
  },
})
