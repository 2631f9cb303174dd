import { definePlugin, edits, header } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'prepend',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) =>
      recipient.local === 'a' ? edits([header.insert('X-Rcpt', recipient.text)]) : undefined,
    )
  },
})
