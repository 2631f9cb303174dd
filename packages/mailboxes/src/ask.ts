/** Deliveries with somebody's rights, by the node's helper. */
import { deferred, delivered, failedWith } from '@postern/core'
import type { Call, Job, JobRecipient, Mta, Outcome, UserOutcome, UserRequest } from '@postern/core'
import { prependedLines } from './above.ts'
import { userContentOf } from './content.ts'
import type { Target } from './recipient.ts'

export interface MailboxDelivery {
  readonly mta: Pick<Mta, 'users' | 'site'>
  readonly job: Job
  readonly recipient: JobRecipient
  readonly target: Target
  readonly call: Call
}
type Omitted<R, K extends PropertyKey> = R extends unknown ? Omit<R, K> : never
/** What stands above the message is the same everywhere. */
type Wanted = Omitted<Extract<UserRequest, { kind: 'maildir' | 'mbox' }>, 'above'>

/** The helper's answer as an outcome. Throws when nobody knows how it ended, and what the body throws. */
export async function askHelper(wanted: Wanted, d: MailboxDelivery): Promise<Outcome> {
  const above = prependedLines(d.job.envelope.sender, d.recipient, d.target, d.mta.site).toString('utf8')
  const request = { ...wanted, above } as UserRequest
  return outcomeOf(await d.mta.users.deliver(request, userContentOf(d.job), d.call))
}
/** What a dry call says: who the user is, and nothing more. */
export async function dryOutcome(
  user: string,
  where: string,
  d: Pick<MailboxDelivery, 'mta' | 'call'>,
): Promise<Outcome> {
  const answer = await d.mta.users.find(user, d.call)
  if (answer.kind === 'absent') return failedWith('5.1.1', `unknown user: "${user}"`)
  if (answer.kind === 'failed') return deferred('4.3.0', 'temporary lookup failure', { cause: answer.cause })
  return delivered('2.0.0', `delivers to ${where}`)
}
function outcomeOf(outcome: UserOutcome): Outcome {
  const facts = outcome.output ? { cause: outcome.output } : undefined
  if (outcome.kind === 'delivered') return delivered('2.0.0', outcome.text)
  if (outcome.kind === 'deferred') return deferred(outcome.esc, outcome.text, facts)
  return failedWith(outcome.esc, outcome.text, facts)
}
