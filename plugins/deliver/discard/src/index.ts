/** Delivers into nothing, as Postfix's discard(8): every recipient is reported delivered. */
import { definePlugin, delivered } from '@postern/core'
import { z } from 'zod'
import { reasonOf } from './reason.ts'

export { reasonOf }

export default definePlugin({
  name: 'deliver-discard',
  options: z.strictObject({
    relay: z.string().min(1).default('none').describe('who took it, in the log and in reports'),
  }),
  apply(mta, { relay }) {
    mta.deliver(mta.as ?? 'discard', {
      // nothing is done with mail, asked or not
      heedsDry: true,
      deliver(job) {
        const { esc, text } = reasonOf(job.nexthop)
        return Promise.resolve(job.all(delivered(esc, text, { relay })))
      },
    })
  },
})
