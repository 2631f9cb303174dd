/** Recipients that nobody knows, behind commit: as their delivery agent would say it. */
import { refuse } from '@postern/core'
import type { AddressClass, Call, MailAddress, MaybePromise, RecipientTables, Refuse } from '@postern/core'
import type { Failed } from '@postern/maps'
import type { Way } from './route.ts'

/** One that knows the address is enough; without tables anybody may exist. */
export function isKnown(
  all: readonly RecipientTables[],
  address: MailAddress,
  addressClass: AddressClass,
  call: Call,
): MaybePromise<boolean | Failed> {
  let denied = false
  return from(0)

  function from(start: number): MaybePromise<boolean | Failed> {
    for (let i = start; i < all.length; i++) {
      const said = all[i]!.exists(address, addressClass, call)
      if (said instanceof Promise)
        return said.then((s) => {
          if (s === true || typeof s === 'object') return s
          denied ||= s === false
          return from(i + 1)
        })
      if (said === true || typeof said === 'object') return said
      denied ||= said === false
    }
    return !denied
  }
}

/** Without tables only virtual aliases are unknown. */
export const unknownText = (all: readonly RecipientTables[], addressClass: AddressClass): string =>
  all[0]?.unknownText(addressClass) ?? 'User unknown in virtual alias table'

/** What the agent of the class would say after the message was accepted: Postfix's local(8) and virtual(8). */
export function unknownToAgent(all: readonly RecipientTables[], { address, addressClass, domain }: Way): Refuse {
  const { local } = address
  if (addressClass === 'local') return refuse('5.1.1', `unknown user: "${local.toLowerCase()}"`, { relay: 'local' })
  if (addressClass === 'virtualMailbox')
    return refuse('5.1.1', `unknown user: "${local}@${domain}"`, { relay: 'virtual' })
  return refuse('5.1.1', unknownText(all, addressClass))
}
