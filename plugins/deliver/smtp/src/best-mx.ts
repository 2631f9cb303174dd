/** Mail whose best MX we are ourselves, given to another transport (`best_mx_transport`). */
import type { Call, Job, JobRecipient, Outcome, Outcomes } from '@postern/core'
import { deferred } from '@postern/core'
import type { BestMx } from './settings.ts'

/** Everything that has no outcome yet. */
export async function passOn(
  job: Job,
  left: readonly JobRecipient[],
  { name, nexthop, transport }: BestMx,
  call: Call,
): Promise<Outcomes> {
  const agent = transport()
  const away = () => deferred('4.3.0', `mail transport unavailable: ${name}`)
  if (!agent) return job.all(away())
  // its agent is what the log names, unless a host answered
  const named = (outcome: Outcome): Outcome => (outcome.relay === undefined ? { ...outcome, relay: name } : outcome)
  const open = new Set(left)
  const settle = (recipient: JobRecipient, outcome: Outcome): void => {
    open.delete(recipient)
    job.settle(recipient, named(outcome))
  }
  const all = (outcome: Outcome): Outcomes => {
    for (const recipient of [...open]) settle(recipient, outcome)
    return job.all(outcome)
  }
  await agent.deliver(
    {
      messageId: job.messageId,
      envelope: job.envelope,
      header: job.header,
      body: job.body,
      transport: name,
      nexthop: nexthop || job.nexthop,
      recipients: left,
      marks: job.marks,
      ready: (uses) => job.ready?.(uses),
      settle,
      async each(fn) {
        for (const recipient of left) {
          if (!open.has(recipient)) continue
          try {
            settle(recipient, await fn(recipient))
          } catch (cause) {
            settle(recipient, deferred('4.3.0', 'temporary fault of the delivery', { cause }))
          }
        }
        return all(away())
      },
      all,
    },
    call,
  )
  return all(away())
}
