import type { Job, JobRecipient, Outcome, Outcomes } from '@postern/core'

/**
 * As Postfix, in the order of the addresses: one recipient's maildir may be what makes the folder of another's mbox, and with
 * which of them it begins should not be chance. Outcomes are told as they come; what was thrown is told last.
 */
export async function inOrder(job: Job, deliver: (recipient: JobRecipient) => Promise<Outcome>): Promise<Outcomes> {
  if (job.recipients.length === 1) return job.each(deliver)
  const faults = new Map<number, unknown>()
  for (const recipient of [...job.recipients].sort(byAddress)) {
    try {
      job.settle(recipient, await deliver(recipient))
    } catch (error) {
      faults.set(recipient.n, error)
    }
  }
  return job.each(({ n }) => Promise.reject(faults.get(n) as Error))
}
function byAddress(a: JobRecipient, b: JobRecipient): number {
  const [x, y] = [a.address.toLowerCase(), b.address.toLowerCase()]
  return x < y ? -1 : x > y ? 1 : a.n - b.n
}
