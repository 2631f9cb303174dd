/** Fails every recipient with the next hop's text, as Postfix's error(8); with `soft`, defers them, as retry(8). */
import { deferred, definePlugin, failedWith } from '@postern/core'
import type { Outcome, PermanentCode, TemporaryCode } from '@postern/core'
import { z } from 'zod'
import { splitReason } from './reason.ts'

export { splitReason }

/** What becomes of a recipient for `reason`: its next hop, as a rule. */
export function outcomeOf(reason: string, soft: boolean): Outcome {
  const { detail, text } = splitReason(reason, soft ? '4' : '5')
  // nobody was told why: an error in the configuration, which must not return mail
  if (text === '') return deferred('4.3.5', 'mail system configuration error', { cause: 'a next hop without a text' })
  return soft
    ? deferred(`4.${detail}` as TemporaryCode, text, { relay: 'none' })
    : failedWith(`5.${detail}` as PermanentCode, text, { relay: 'none' })
}

export default definePlugin({
  name: 'deliver-error',
  options: z.strictObject({
    soft: z.boolean().default(false).describe('defer the mail instead of returning it (the retry transport)'),
    text: z.string().min(1).optional().describe('the reason for all mail, in place of the next hop of each'),
  }),
  apply(mta, options) {
    mta.deliver(mta.as ?? (options.soft ? 'retry' : 'error'), {
      // it only says, asked or not
      heedsDry: true,
      deliver: (job) => Promise.resolve(job.all(outcomeOf(options.text ?? job.nexthop, options.soft))),
    })
  },
})
