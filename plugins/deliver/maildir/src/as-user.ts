/** Delivery below a user's home with that user's rights, by the node's helper: what Postfix's local(8) does with home_mailbox. */
import { deferred, delivered, failedWith } from '@postern/core'
import type { Call, Job, JobRecipient, Mta, Outcome, UserOutcome } from '@postern/core'
import { userContentOf } from './content.ts'
import { prependedLines } from './header.ts'
import type { Options } from './options.ts'
import type { Target } from './recipient.ts'

interface AsUser {
  readonly mta: Pick<Mta, 'users'>
  readonly options: Pick<Options, 'homeMailbox' | 'virtualMailboxLimit' | 'syncFolder'>
  readonly job: Job
  readonly recipient: JobRecipient
  readonly target: Target
  readonly call: Call
}
/** Throws when nobody knows how it ended, and what the body throws. */
export async function deliverAs(user: string, d: AsUser): Promise<Outcome> {
  const { homeMailbox, virtualMailboxLimit, syncFolder } = d.options
  if (d.call.dry) return dry(user, d)
  const request = {
    kind: 'maildir',
    user,
    above: prependedLines(d.job.envelope.sender, d.recipient, d.target).toString('utf8'),
    folder: { below: 'home', path: homeMailbox },
    limit: virtualMailboxLimit,
    syncFolder,
  } as const
  return outcomeOf(await d.mta.users.deliver(request, userContentOf(d.job), d.call))
}
async function dry(user: string, d: AsUser): Promise<Outcome> {
  const answer = await d.mta.users.find(user, d.call)
  if (answer.kind === 'absent') return failedWith('5.1.1', `unknown user: "${user}"`)
  if (answer.kind === 'failed') return deferred('4.3.0', 'temporary lookup failure', { cause: answer.cause })
  return delivered('2.0.0', `delivers to maildir of ${user}`)
}
function outcomeOf(outcome: UserOutcome): Outcome {
  const facts = outcome.output ? { cause: outcome.output } : undefined
  if (outcome.kind === 'delivered') return delivered('2.0.0', outcome.text)
  if (outcome.kind === 'deferred') return deferred(outcome.esc, outcome.text, facts)
  return failedWith(outcome.esc, outcome.text, facts)
}
