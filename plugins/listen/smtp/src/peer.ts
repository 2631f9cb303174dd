/** The client's names: what its address says it is called, and whether that name says so too. */
import { isIPv4 } from 'node:net'
import type { Call, Clock, DnsAnswer, Logger, MaybePromise, Resolver } from '@postern/core'
import { ownCall } from '@postern/core'

export interface PeerNames {
  /** verified, or `unknown` */
  readonly name: string
  readonly reverseName: string
}
export const UNKNOWN: PeerNames = { name: 'unknown', reverseName: 'unknown' }
/** as every /etc/hosts has it */
const LOCALHOST: PeerNames = { name: 'localhost', reverseName: 'localhost' }
/** A client waits for its greeting no longer than this, whatever DNS does. */
const PATIENCE = 10_000
const HOST_NAME = /^(?=.{1,255}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i

export class Peers {
  readonly #resolver: Resolver | undefined
  readonly #clock: Clock
  readonly #log: Logger

  constructor(resolver: Resolver | undefined, clock: Clock, log: Logger) {
    this.#resolver = resolver
    this.#clock = clock
    this.#log = log
  }

  names(address: string): MaybePromise<PeerNames> {
    if (address === '127.0.0.1' || address === '::1') return LOCALHOST
    if (!this.#resolver) return UNKNOWN
    return this.#bounded(this.#resolver, address)
  }

  async #bounded(resolver: Resolver, address: string): Promise<PeerNames> {
    const { call, done } = ownCall(this.#clock, this.#log, PATIENCE)
    const late = new Promise<PeerNames>((resolve) => void call.onAbort(() => resolve(UNKNOWN)))
    try {
      return await Promise.race([lookUp(resolver, address, call), late])
    } catch (cause) {
      this.#log.warn('peer.lookup', { address, cause })
      return UNKNOWN
    } finally {
      done()
    }
  }
}

async function lookUp(resolver: Resolver, address: string, call: Call): Promise<PeerNames> {
  const answer = await resolver.ptr(address, call)
  const found = answer.kind === 'found' ? answer.records[0] : undefined
  // a PTR record may hold any bytes its owner likes
  if (found === undefined || !HOST_NAME.test(found)) return UNKNOWN
  const reverseName = found.replace(/\.$/, '')
  const forward: DnsAnswer<string> = isIPv4(address)
    ? await resolver.a(reverseName, call)
    : await resolver.aaaa(reverseName, call)
  const verified = forward.kind === 'found' && forward.records.some((a) => sameAddress(a, address))
  return { name: verified ? reverseName : 'unknown', reverseName }
}

const sameAddress = (a: string, b: string): boolean => a === b || (a.includes(':') && canonical(a) === canonical(b))
/** IPv6 has many spellings of one address (RFC 5952). */
function canonical(address: string): string {
  try {
    return new URL(`http://[${address}]`).hostname
  } catch {
    return address
  }
}
