/** The role `resolver`: hosts first, then the cache, then DNS. */
import { isIP } from 'node:net'
import type { Call, DnsAnswer, Mx, Resolver } from '@postern/core'
import type { Asker } from './ask.ts'
import { dnsFailed, found } from './ask.ts'
import type { Cache } from './cache.ts'
import type { Hosts } from './hosts.ts'
import { hostKey } from './hosts.ts'

export class HostsAndDns implements Resolver {
  readonly dns: Resolver
  readonly #hosts: Hosts
  readonly #cache: Cache
  readonly #ask: Asker

  constructor(hosts: Hosts, cache: Cache, ask: Asker) {
    this.#hosts = hosts
    this.#cache = cache
    this.#ask = ask
    this.dns = {
      mx: (domain, call) => this.#mx(hostKey(domain), call),
      a: (host, call) => this.#asked(hostKey(host), 4, call),
      aaaa: (host, call) => this.#asked(hostKey(host), 6, call),
      ptr: (address, call) => this.#ptr(address, call),
      txt: (name, call) => this.txt(name, call),
    }
  }
  a(host: string, call: Call): Promise<DnsAnswer<string>> {
    return this.#addresses(host, 4, call)
  }
  aaaa(host: string, call: Call): Promise<DnsAnswer<string>> {
    return this.#addresses(host, 6, call)
  }
  mx(domain: string, call: Call): Promise<DnsAnswer<Mx>> {
    const name = hostKey(domain)
    // RFC 6761 section 6.3: localhost is never asked of a name server
    if (name === 'localhost') return Promise.resolve({ kind: 'absent', nxdomain: false })
    return this.#mx(name, call)
  }
  ptr(address: string, call: Call): Promise<DnsAnswer<string>> {
    if (!isIP(address)) return Promise.resolve({ kind: 'failed', cause: `not an IP address: ${address}` })
    const names = this.#hosts.names(address)
    return names ? Promise.resolve(found(names)) : this.#ptr(address, call)
  }
  txt(name: string, call: Call): Promise<DnsAnswer<string>> {
    const key = hostKey(name)
    return unlessAborted(
      this.#cache.ask(`TXT ${key}`, () => this.#ask.txt(key)),
      call,
    )
  }
  #addresses(host: string, family: 4 | 6, call: Call): Promise<DnsAnswer<string>> {
    const name = hostKey(host)
    const here = this.#hosts.addresses(name, family)
    // a name that has addresses of the other family only is known here all the same: DNS is not asked
    return here ? Promise.resolve(found(here)) : this.#asked(name, family, call)
  }

  #mx(name: string, call: Call): Promise<DnsAnswer<Mx>> {
    return unlessAborted(
      this.#cache.ask(`MX ${name}`, () => this.#ask.mx(name)),
      call,
    )
  }
  #ptr(address: string, call: Call): Promise<DnsAnswer<string>> {
    return unlessAborted(
      this.#cache.ask(`PTR ${address}`, () => this.#ask.ptr(address)),
      call,
    )
  }
  #asked(name: string, family: 4 | 6, call: Call): Promise<DnsAnswer<string>> {
    return unlessAborted(
      this.#cache.ask(`${family === 4 ? 'A' : 'AAAA'} ${name}`, () => this.#ask.addresses(name, family)),
      call,
    )
  }
}

/** The question is shared and goes on; only this caller no longer waits for it. */
function unlessAborted<T>(answer: DnsAnswer<T> | Promise<DnsAnswer<T>>, call: Call): Promise<DnsAnswer<T>> {
  if (!(answer instanceof Promise)) return Promise.resolve(answer)
  const { signal } = call
  if (signal.aborted) return Promise.resolve(dnsFailed('ECANCELLED'))
  return new Promise((resolve, reject) => {
    const abort = () => resolve(dnsFailed('ECANCELLED'))
    signal.addEventListener('abort', abort, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
