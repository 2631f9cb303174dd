import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'a',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(() => undefined)
  },
})
