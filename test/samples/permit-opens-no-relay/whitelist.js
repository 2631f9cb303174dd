import { definePlugin, permit } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'whitelist',
  options: z.strictObject({}),
  apply(mta) {
    for (const stage of ['connect', 'helo', 'mail', 'rcpt', 'data']) mta[stage].tap(() => permit())
  },
})
