import { definePlugin, permit } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'whitelist',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) => (recipient.local === 'friend' ? permit() : undefined))
  },
})
