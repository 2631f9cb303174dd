import { definePlugin, edits, refuse, session } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'doubt',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) =>
      recipient.local === 'no'
        ? edits([session.deferIfReject('4.3.0', 'Try again later')], refuse('5.7.1', 'Never'))
        : undefined,
    )
  },
})
