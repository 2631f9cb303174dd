/** Which class is an address in? Postfix's order: local, virtual alias, virtual mailbox, relay, all others. */
import type { AddressClass, AddressClasses, Call, ClassAnswer, MailAddress, MaybePromise, Site } from '@postern/core'
import { isLiteral } from '@postern/core'
import type { DomainList, Matched } from '@postern/maps'

export interface ClassLists {
  readonly local: DomainList
  readonly virtualAlias: DomainList
  readonly virtualMailbox: DomainList
  readonly relay: DomainList
}
const ORDER = ['local', 'virtualAlias', 'virtualMailbox', 'relay'] as const

/** The domain that decides, in lower case: an address without one is at myorigin. */
export const domainOf = (address: MailAddress, site: Pick<Site, 'myorigin'>): string =>
  (address.domain || site.myorigin).toLowerCase()

const answer = (name: AddressClass): ClassAnswer => ({ kind: 'class', class: name })

export function classifier(
  lists: ClassLists,
  ownLiteral: (domain: string) => boolean,
  site: Pick<Site, 'myorigin'>,
): AddressClasses {
  function from(at: number, domain: string, call: Call): MaybePromise<ClassAnswer> {
    for (let i = at; i < ORDER.length; i++) {
      const matched = lists[ORDER[i]!].match(domain, call)
      if (matched instanceof Promise) return matched.then((m) => decide(i, m, domain, call))
      if (matched !== false) return decide(i, matched, domain, call)
    }
    return answer('default')
  }
  function decide(at: number, matched: Matched, domain: string, call: Call): MaybePromise<ClassAnswer> {
    if (matched === false) return from(at + 1, domain, call)
    return matched === true ? answer(ORDER[at]!) : matched
  }
  return {
    classOf(address, call) {
      const domain = domainOf(address, site)
      if (isLiteral(domain)) return answer(ownLiteral(domain) ? 'local' : 'default')
      return from(0, domain, call)
    },
  }
}
