/** Questions to the name servers (c-ares, never getaddrinfo), with three answers. */
import { isIP } from 'node:net'
import type { promises } from 'node:dns'
import type { DnsAnswer, Mx } from '@postern/core'
import type { Timed } from './cache.ts'
import { hostKey } from './hosts.ts'

type DnsResolver = InstanceType<typeof promises.Resolver>

export interface Ttls {
  /** ms an `absent` is kept */
  readonly negative: number
  /** ms MX, PTR and TXT are kept: c-ares does not tell their TTL */
  readonly fixed: number
  /** ms an address is kept at most, whatever its TTL */
  readonly max: number
}
/** A day: what a zone with a mistaken TTL can cost us. */
export const MAX_TTL = 86_400_000

export class Asker {
  readonly #dns: DnsResolver
  readonly #ttls: Ttls

  constructor(dns: DnsResolver, ttls: Ttls) {
    this.#dns = dns
    this.#ttls = ttls
  }
  addresses(name: string, family: 4 | 6): Promise<Timed<string>> {
    return this.#three(
      () => (family === 4 ? this.#dns.resolve4(name, { ttl: true }) : this.#dns.resolve6(name, { ttl: true })),
      (r) => r.address,
      (records) => Math.min(this.#ttls.max, ...records.map((r) => r.ttl * 1000)),
    )
  }
  mx(domain: string): Promise<Timed<Mx>> {
    return this.#three(
      async () => (await this.#dns.resolveMx(domain)).sort((a, b) => a.priority - b.priority),
      // in the zone's case: the log names it so
      (r) => ({ preference: r.priority, exchange: r.exchange.replace(/\.$/, '') }),
    )
  }
  ptr(address: string): Promise<Timed<string>> {
    return this.#three(() => this.#dns.resolvePtr(arpa(address)), hostKey)
  }
  txt(name: string): Promise<Timed<string>> {
    // one record may come in several strings: they are one text (RFC 7208 section 3.3)
    return this.#three(
      () => this.#dns.resolveTxt(name),
      (strings) => strings.join(''),
    )
  }

  async #three<R, T>(
    ask: () => Promise<R[]>,
    record: (r: R) => T,
    ttl: (records: R[]) => number = () => this.#ttls.fixed,
  ): Promise<Timed<T>> {
    try {
      const records = await ask()
      if (records.length === 0) return this.#absent(false)
      return { answer: { kind: 'found', records: records.map(record) }, ttl: ttl(records) }
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code
      if (code === 'ENOTFOUND') return this.#absent(true)
      if (code === 'ENODATA') return this.#absent(false)
      return { answer: dnsFailed(code ?? String(e)), ttl: 0 }
    }
  }
  #absent<T>(nxdomain: boolean): Timed<T> {
    return { answer: { kind: 'absent', nxdomain }, ttl: this.#ttls.negative }
  }
}

/** c-ares' codes in words for the log. */
const WORDS: Record<string, string> = {
  ETIMEOUT: 'no name server answered in time',
  ESERVFAIL: 'the name server failed (SERVFAIL)',
  EREFUSED: 'the name server refuses to answer (REFUSED)',
  ECONNREFUSED: 'no name server can be reached',
  EBADNAME: 'not a name that DNS can hold',
  ECANCELLED: 'the question was cancelled',
}
export const dnsFailed = (code: string): { kind: 'failed'; cause: string } => ({
  kind: 'failed',
  cause: WORDS[code] ?? code,
})
export const found = <T>(records: readonly T[]): DnsAnswer<T> =>
  records.length > 0 ? { kind: 'found', records } : { kind: 'absent', nxdomain: false }

/** The name under in-addr.arpa (RFC 1035 section 3.5) or ip6.arpa (RFC 3596 section 2.5). */
export function arpa(address: string): string {
  if (isIP(address) === 4) return `${address.split('.').reverse().join('.')}.in-addr.arpa`
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*/, '')}]`).hostname.slice(1, -1).split('::')
  const front = head ? head.split(':') : []
  const back = tail ? tail.split(':') : []
  const zeros: string[] = new Array<string>(8 - front.length - back.length).fill('0')
  const digits = [...front, ...zeros, ...back].map((g) => g.padStart(4, '0')).join('')
  return `${[...digits].reverse().join('.')}.ip6.arpa`
}
