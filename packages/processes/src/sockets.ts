/**
 * The sockets of all workers: bound once, kept while a worker may come back to them. The primary never listens on them or
 * polls them; the first worker's listen() makes them accept, and what waits in them waits for the next one.
 */
import { bind } from './bind.ts'
import type { AsRoot, Handle } from './bind.ts'

export interface Place {
  readonly host: string
  readonly port: number
  /** of several sockets on free ports (port 0) that one worker has taken */
  readonly nth: number
}
interface Bound {
  readonly handle: Promise<Handle | undefined>
  /** who listens */
  readonly takers: Set<object>
}
const keyOf = (p: Place): string => `${p.host}|${p.port}|${p.nth}`

export class Sockets {
  readonly #bound = new Map<string, Bound>()
  readonly #asRoot: AsRoot

  constructor(asRoot: AsRoot) {
    this.#asRoot = asRoot
  }
  /** `undefined`: it has to bind for itself. Rejects with the system's error. */
  async take(place: Place, taker: object): Promise<Handle | undefined> {
    const key = keyOf(place)
    let bound = this.#bound.get(key)
    if (!bound) {
      bound = { handle: bind(place.host, place.port, this.#asRoot), takers: new Set() }
      this.#bound.set(key, bound)
      bound.handle.catch(() => this.#bound.delete(key))
    }
    bound.takers.add(taker)
    return bound.handle
  }
  /** It has stopped listening, and will not come back to it. */
  release(place: Place, taker: object): void {
    this.#bound.get(keyOf(place))?.takers.delete(taker)
  }
  /** A process has ended. What it listened on stays for the one that takes its place. */
  gone(taker: object): void {
    for (const { takers } of this.#bound.values()) takers.delete(taker)
  }
  /** Everybody who will come back has: what nobody listens on would take clients and leave them waiting. */
  sweep(): void {
    for (const [key, { takers }] of this.#bound) if (takers.size === 0) this.#close(key)
  }
  close(): void {
    for (const key of [...this.#bound.keys()]) this.#close(key)
  }
  #close(key: string): void {
    const bound = this.#bound.get(key)
    this.#bound.delete(key)
    bound?.handle.then((handle) => handle?.close()).catch(() => undefined)
  }
}
