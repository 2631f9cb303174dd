import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    let calls = 0
    mta.rcpt.tap(() => {
      // well again from the third call on, but then nobody calls
      if (++calls <= 2) throw new Error('secret')
    })
  },
})
