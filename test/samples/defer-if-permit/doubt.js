import { definePlugin, edits, session } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'doubt',
  options: z.strictObject({}),
  apply(mta) {
    mta.mail.tap(({ sender }) =>
      sender.local === 'doubt' ? edits([session.deferIfPermit('4.7.1', 'Try again later')]) : undefined,
    )
  },
})
