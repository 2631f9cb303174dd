import { definePlugin, discard } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'discard',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) => (recipient.local === 'spamtrap' ? discard() : undefined))
  },
})
