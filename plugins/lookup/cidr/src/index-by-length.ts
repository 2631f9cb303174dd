import { mask4, mask6 } from './address.ts'
import type { Address, Words } from './address.ts'
import type { Network } from './network.ts'

/**
 * Networks by prefix length, for a run of rules without conditions: one look into a map for each length that occurs, and
 * the rule that stands first in the file wins, whatever its length.
 */
export class NetworkIndex {
  readonly #four = new Map<number, Map<number, number>>()
  readonly #six = new Map<number, Map<string, number>>()

  /** Of two equal networks the first one added counts. `order` grows. */
  add({ address, length }: Network, order: number): void {
    if (address.family === 4) put(this.#four, length, address.value, order)
    else put(this.#six, length, keyOf(address.words), order)
  }
  /** The order of the first rule that contains the address, Infinity when there is none. */
  first(key: Address): number {
    let best = Infinity
    if (key.family === 4) {
      for (const [length, map] of this.#four) best = Math.min(best, map.get(mask4(key.value, length)) ?? Infinity)
    } else {
      for (const [length, map] of this.#six) best = Math.min(best, map.get(keyOf(mask6(key.words, length))) ?? Infinity)
    }
    return best
  }
}
function put<K>(lengths: Map<number, Map<K, number>>, length: number, key: K, order: number): void {
  let map = lengths.get(length)
  if (!map) lengths.set(length, (map = new Map()))
  if (!map.has(key)) map.set(key, order)
}
const keyOf = ([a, b, c, d]: Words): string =>
  String.fromCharCode(a >>> 16, a & 0xffff, b >>> 16, b & 0xffff, c >>> 16, c & 0xffff, d >>> 16, d & 0xffff)
