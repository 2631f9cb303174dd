/** How much TLS a next hop must have (Postfix's TLS_README, "TLS policy table"). */
import { isIP } from 'node:net'
import type { Call, MaybePromise, Table } from '@postern/core'
import { protocolVersions } from './tls-protocols.ts'
import type { ProtocolVersions } from './tls-protocols.ts'

/** What is above `encrypt` wants a certificate that is verified. */
export const LEVELS = ['none', 'may', 'encrypt', 'fingerprint', 'verify', 'secure', 'dane', 'dane-only'] as const
export type Level = (typeof LEVELS)[number]

export interface TlsDemand {
  readonly tls: 'none' | 'may' | 'encrypt'
  readonly versions: ProtocolVersions
  /** what else is asked for and is not there yet: why mail waits that could be encrypted */
  readonly unmet?: string
  /** the same for demands that a connection meets alike */
  readonly key: string
}
export interface TlsPolicyOptions {
  readonly level: Level
  /** levels by next hop */
  readonly tables: readonly Table[]
  /** DNS answers are validated: without that `dane` is `may`, and `dane-only` a mistake, as in Postfix */
  readonly dnssec: boolean
  /** `smtp_tls_mandatory_protocols`: for `encrypt` and above */
  readonly protocols: string
}
const NOT_VERIFIED = 'Server certificate not verified'
/** What may stand behind a level. */
const ATTRIBUTES = new Set(['protocols', 'ciphers', 'exclude', 'match', 'servername', 'connection_reuse', 'tafile'])
/** What Node offers is at least `high`. */
const GRADES = new Set(['high', 'medium', 'low', 'export'])

export class TlsPolicies {
  readonly #options: TlsPolicyOptions
  readonly #own: TlsDemand | undefined

  constructor(options: TlsPolicyOptions) {
    this.#options = options
    this.#own = this.#demand(options.level)
  }
  /**
   * `undefined`: the policy is none that could be followed, and mail waits. `nexthop`: as it is written, `[mx.example]:587`; a domain's
   * parents are asked for with a leading dot.
   */
  for(nexthop: string, call: Call): MaybePromise<TlsDemand | undefined> {
    return this.#options.tables.length === 0 ? this.#own : this.#ask(nexthop.toLowerCase(), call)
  }

  async #ask(nexthop: string, call: Call): Promise<TlsDemand | undefined> {
    for (const key of keys(nexthop))
      for (const table of this.#options.tables) {
        const answer = await table.get(key, call)
        if (answer.kind === 'found') return this.#parse(answer.value)
        if (answer.kind === 'absent') continue
        call.log.warn('smtp.tls.policy', { nexthop, table: table.name, cause: answer.cause })
        return undefined
      }
    return this.#own
  }
  #parse(text: string): TlsDemand | undefined {
    const [word = '', ...attributes] = text.split(/[\s,]+/).filter(Boolean)
    const level = LEVELS.find((known) => known === word.toLowerCase())
    const demand = level && attributes.every(isAttribute) ? this.#demand(level) : undefined
    if (demand?.tls !== 'encrypt') return demand
    const protocols = attributes.find((text) => text.startsWith('protocols='))
    const versions = protocols === undefined ? demand.versions : protocolVersions(protocols.slice(10))
    const more = versions ? attributes.find((text) => text !== protocols && !isMet(text)) : protocols
    const unmet = demand.unmet ?? (more === undefined ? undefined : `TLS policy cannot be met: ${more}`)
    return demandOf('encrypt', versions, unmet)
  }
  #demand(level: Level): TlsDemand | undefined {
    const { dnssec, protocols } = this.#options
    if (level === 'dane-only' && !dnssec) return undefined
    const tls = level === 'none' || level === 'may' || (level === 'dane' && !dnssec) ? weak(level) : 'encrypt'
    if (tls !== 'encrypt') return demandOf(tls)
    const versions = protocolVersions(protocols)
    const unmet =
      level !== 'encrypt' ? NOT_VERIFIED : versions ? undefined : `TLS policy cannot be met: protocols=${protocols}`
    return demandOf(tls, versions, unmet)
  }
}
function demandOf(tls: TlsDemand['tls'], versions: ProtocolVersions = {}, unmet?: string): TlsDemand {
  const key = `${tls} ${versions.minVersion ?? ''} ${versions.maxVersion ?? ''} ${unmet ?? ''}`
  return { tls, versions, ...(unmet !== undefined && { unmet }), key }
}
const weak = (level: Level): 'none' | 'may' => (level === 'none' ? 'none' : 'may')

/** As Postfix: a next hop in brackets or with a port is asked for as it is, a domain with its parents too. */
function* keys(nexthop: string): Iterable<string> {
  yield nexthop
  if (!/^[a-z0-9_.-]+$/.test(nexthop) || isIP(nexthop)) return
  for (let dot = nexthop.indexOf('.', 1); dot >= 0; dot = nexthop.indexOf('.', dot + 1)) yield nexthop.slice(dot)
}
const isAttribute = (text: string): boolean => text.includes('=') && ATTRIBUTES.has(text.replace(/=.*/s, ''))

/** Is what it asks for so in any case? */
function isMet(attribute: string): boolean {
  const [, name, value = ''] = /^([^=]*)=(.*)$/s.exec(attribute)!
  return name === 'ciphers' ? GRADES.has(value.toLowerCase()) : name === 'connection_reuse'
}
