import { definePlugin, claim, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) =>
      recipient.local === 'claimed'
        ? claim('a relay answer given at rcpt')
        : recipient.local === 'code'
          ? refuse('5.7.1', 'permanent with a temporary code', { code: 450 })
          : undefined,
    )
  },
})
