/** Mail for the sender of postmaster notices ends here, whoever sends it: a system needs no mailbox for it (Postfix's queue manager). */
import { delivered, defer, routeTo } from '@postern/core'
import type { AddressClasses, Mta } from '@postern/core'

const TEXT = 'undeliverable postmaster notification discarded'

/** `user`: the local part, in any case; at each domain of the local class. */
export function deadEnd(mta: Mta, classes: AddressClasses, user: string): void {
  const transport = `${mta.name}-discard`
  const wanted = user.toLowerCase()
  mta.deliver(transport, {
    deliver: (job) => Promise.resolve(job.all(delivered('2.0.0', TEXT, { relay: 'none' }))),
  })
  // behind aliases, before anybody asks whether it exists
  mta.resolve.tap({ phase: 'late', before: ['route-local', 'route-classes'] }, ({ recipient }, call) => {
    if (recipient.local.toLowerCase() !== wanted) return undefined
    const told = (found: Awaited<ReturnType<AddressClasses['classOf']>>) => {
      if (found.kind === 'failed') return defer('4.3.0', 'address resolver failure', { cause: found.cause })
      return found.class === 'local' ? routeTo(transport, recipient.domain) : undefined
    }
    const found = classes.classOf(recipient, call)
    return found instanceof Promise ? found.then(told) : told(found)
  })
}
