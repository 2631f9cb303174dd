/** What local(8) does before a mailbox, in its order. */
import { addressOf, defer, expand, refuse, routeTo, splitExtension } from '@postern/core'
import type { Answer, Call, MailAddress, Site, Table, View } from '@postern/core'
import { firstOf } from '@postern/maps'
import type { LocalName, LuserRelay } from './luser.ts'

export interface LocalConfig {
  readonly users: readonly Table[]
  readonly mailboxTransportMaps: readonly Table[]
  readonly mailboxTransport?: string
  readonly fallbackTransportMaps: readonly Table[]
  readonly fallbackTransport?: string
  readonly luserRelay?: LuserRelay
  readonly requiredTransport?: string
}
type Verdict = Answer<'resolve'>
type Subject = Pick<View<'resolve'>, 'recipient' | 'final' | 'ancestors'>

/** Names that a mail system must know (RFC 5321 section 4.5.1). */
const REQUIRED = ['postmaster', 'mailer-daemon']

const relay = 'local'
const tableFailure = (cause: string): Verdict => defer('4.3.0', 'table lookup failure', { cause, relay })
const misconfigured = (cause: string): Verdict => defer('4.3.5', 'mail system configuration error', { cause, relay })

export class LocalDelivery {
  readonly #config: LocalConfig
  readonly #site: Site
  constructor(config: LocalConfig, site: Site) {
    this.#config = config
    this.#site = site
  }
  /** For a recipient of the local class, behind aliases. `undefined`: a mailbox, by the way of its class. */
  async answer(view: Subject, call: Call): Promise<Verdict | undefined> {
    const name = this.#nameOf(view.recipient)
    const { users, mailboxTransportMaps, mailboxTransport, fallbackTransportMaps, fallbackTransport } = this.#config
    const way =
      (await this.#fromMaps(mailboxTransportMaps, name, call)) ?? (mailboxTransport && this.#way(mailboxTransport))
    if (way) return way
    const there = await firstOf(users, [name.user], call)
    if (there.kind === 'failed') return tableFailure(there.cause)
    if (there.kind === 'found') return undefined
    const fallback =
      (await this.#fromMaps(fallbackTransportMaps, name, call)) ?? (fallbackTransport && this.#way(fallbackTransport))
    return fallback || this.#unknown(name, view)
  }

  async #fromMaps(tables: readonly Table[], { user }: LocalName, call: Call): Promise<Verdict | undefined> {
    const found = await firstOf(tables, [user], call)
    if (found.kind === 'absent') return undefined
    return found.kind === 'failed' ? tableFailure(found.cause) : this.#way(found.value)
  }
  /** `transport:nexthop`; without a next hop our own name, the next hop of local mail. */
  #way(text: string): Verdict {
    const [, transport, nexthop] = /^\s*([^:]*?)\s*(?::\s*(.*?)\s*)?$/s.exec(text)!
    if (!transport) return misconfigured(`missing transport name in "${text}"`)
    return routeTo(transport, nexthop || this.#site.myhostname, { addressClass: 'local' })
  }
  #unknown(name: LocalName, view: Subject): Verdict {
    const { luserRelay, requiredTransport } = this.#config
    if (luserRelay && !this.#wasRelayed(view)) return expand([luserRelay.addressFor(name)])
    if (REQUIRED.includes(name.user))
      return requiredTransport === undefined
        ? defer('4.3.5', `required alias not found: ${name.user}`, { relay })
        : this.#way(requiredTransport)
    return refuse('5.1.1', `unknown user: "${name.user}"`, { relay })
  }
  /** Once is enough: a relay to somebody who does not exist either would go on and on. */
  #wasRelayed({ recipient, final, ancestors: [parent] }: Subject): boolean {
    if (final) return true
    if (parent === undefined) return false
    const relayed = this.#config.luserRelay!.addressFor(this.#nameOf(addressOf(parent)))
    return relayed.toLowerCase() === recipient.text.toLowerCase()
  }
  #nameOf(recipient: MailAddress): LocalName {
    const local = recipient.local.toLowerCase()
    const { user, extension } = splitExtension(local, this.#site.recipientDelimiter)
    const domain = (recipient.domain || this.#site.myorigin).toLowerCase()
    // it could climb out of a folder that is named after it
    return { recipient, user, local, domain, extension: extension?.includes('/') ? undefined : extension }
  }
}
