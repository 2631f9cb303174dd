/** What one client is offered at EHLO, and what it may use of it. */
import { ownCall } from '@postern/core'
import type { Clock, Logger, MaybePromise, Table } from '@postern/core'
import { firstOf } from '@postern/maps'
import type { Searched } from '@postern/maps'
import type { Features } from './parameters.ts'
import { say } from './replies.ts'
import type { WireReply } from './replies.ts'

export interface Offer {
  /** the answer to EHLO, without and with TLS */
  readonly ehlo: WireReply
  readonly ehloSecure: WireReply
  readonly features: Features
  readonly chunking: boolean
  readonly startTls: boolean
}
/** What there is to offer, before anything is left out. */
export interface Offering {
  readonly host: string
  readonly sizeLimit: number
  readonly vrfy: boolean
  readonly startTls: boolean
  readonly smtputf8: boolean
  /** TLS from the first byte */
  readonly wrapper: boolean
  /** keywords of registered commands */
  readonly keywords: readonly string[]
}

/** `discarded`: keywords that are left out, in any case; others than these are passed over. */
export function offerOf(all: Offering, discarded: readonly string[]): Offer {
  const without = new Set(discarded.map((word) => word.toUpperCase()))
  const startTls = all.startTls && !without.has('STARTTLS')
  const smtputf8 = all.smtputf8 && !without.has('SMTPUTF8')
  const ehlo = (secure: boolean) =>
    say(250, undefined, [all.host, ...keywords({ ...all, smtputf8, startTls: startTls && !secure }, without)])
  return {
    ehlo: ehlo(all.wrapper),
    ehloSecure: ehlo(true),
    features: { dsn: !without.has('DSN'), smtputf8, sizeLimit: all.sizeLimit },
    chunking: !without.has('CHUNKING'),
    startTls,
  }
}
/** In Postfix's order; keywords of registered commands stand where Postfix has theirs. */
function keywords(all: Offering, without: ReadonlySet<string>): string[] {
  const etrn = all.keywords.filter((k) => /^ETRN\b/i.test(k))
  return [
    'PIPELINING',
    all.sizeLimit > 0 ? `SIZE ${all.sizeLimit}` : 'SIZE',
    ...(all.vrfy ? ['VRFY'] : []),
    ...etrn,
    ...(all.startTls ? ['STARTTLS'] : []),
    ...all.keywords.filter((k) => !etrn.includes(k)),
    'ENHANCEDSTATUSCODES',
    '8BITMIME',
    'DSN',
    ...(all.smtputf8 ? ['SMTPUTF8'] : []),
    'CHUNKING',
  ].filter((line) => !without.has(line.split(' ')[0]!.toUpperCase()))
}

/** ms: a table that takes longer has failed */
const PATIENCE = 30_000
/** texts of a table whose offers are kept */
const KEPT = 100

/** Offers by client address (Postfix's smtpd_discard_ehlo_keyword_address_maps): what a table says stands for the option's list. */
export class Offers {
  readonly #all: Offering
  readonly #others: Offer
  readonly #failed: WireReply
  readonly #tables: readonly Table[]
  readonly #clock: Clock
  readonly #log: Logger
  readonly #known = new Map<string, Offer>()

  constructor(all: Offering, discarded: readonly string[], tables: readonly Table[], clock: Clock, log: Logger) {
    this.#all = all
    this.#others = offerOf(all, discarded)
    this.#failed = say(421, '4.3.0', `${all.host} Server local data error`, true)
    this.#tables = tables
    this.#clock = clock
    this.#log = log
  }
  /** for clients of which no table knows */
  get others(): Offer {
    return this.#others
  }
  /** Where a table could not be asked, EHLO is refused. Does not throw. */
  of(address: string): MaybePromise<Offer> {
    if (this.#tables.length === 0) return this.#others
    const { call, done } = ownCall(this.#clock, this.#log, PATIENCE)
    const answer = (found: Searched): Offer => {
      done()
      if (found.kind === 'absent') return this.#others
      if (found.kind === 'found') return this.#listed(found.value)
      this.#log.warn('ehlo.lookup', { address, cause: found.cause })
      return { ...this.#others, ehlo: this.#failed, ehloSecure: this.#failed }
    }
    const found = firstOf(this.#tables, [address], call)
    return found instanceof Promise ? found.then(answer) : answer(found)
  }
  #listed(text: string): Offer {
    let offer = this.#known.get(text)
    if (offer) return offer
    if (this.#known.size >= KEPT) this.#known.clear()
    this.#known.set(text, (offer = offerOf(this.#all, text.split(/[\s,]+/).filter(Boolean))))
    return offer
  }
}
