/** Is a client in mynetworks? A map per prefix length, so that ten thousand networks cost a probe a length. */
import type { Call, Lookup, MaybePromise, Table, TableRef } from '@postern/core'
import { clientBytes, mask, parseNetwork } from './cidr.ts'
import type { Network } from './cidr.ts'

/** a network (`192.0.2.0/24`, `[2001:db8::]/32`), `!network`, or a table of addresses */
export type NetworkEntry = string | TableRef

/** addresses whose place in the list is remembered */
const KNOWN = 1000

export type Member = boolean | Extract<Lookup, { kind: 'failed' }>
export interface Networks {
  /** Answers at once where no table had to be asked. */
  has(address: string, call: Call): MaybePromise<Member>
}

/** The place in the list decides between networks that both match. */
interface Entry {
  readonly at: number
  readonly sign: boolean
}
/** by family (4 or 16 bytes), by prefix length, by the masked bytes */
type Prefixes = Map<number, Map<number, Map<string, Entry>>>

export function networks(entries: readonly NetworkEntry[], open: (ref: TableRef) => Table): Networks {
  const prefixes: Prefixes = new Map()
  const tables: { at: number; table: Table }[] = []
  entries.forEach((entry, at) => {
    if (typeof entry === 'string') add(prefixes, parsed(entry), at)
    else tables.push({ at, table: open(entry) })
  })

  async function ask(address: string, best: Entry | undefined, call: Call): Promise<Member> {
    for (const { at, table } of tables) {
      if (best && best.at < at) break
      const answer = await table.get(address, call)
      if (answer.kind === 'failed') return answer
      if (answer.kind === 'found') return true
    }
    return best?.sign ?? false
  }
  // asked for each recipient, and clients come again
  const known = new Map<string, Entry | 'no address' | undefined>()
  const match = (address: string): Entry | 'no address' | undefined => {
    if (known.has(address)) return known.get(address)
    const bytes = clientBytes(address)
    const best = bytes ? firstMatch(prefixes, bytes) : 'no address'
    if (known.size >= KNOWN) known.clear()
    known.set(address, best)
    return best
  }
  return {
    has(address, call) {
      const best = match(address)
      // a client without an IP address is nobody's network
      if (best === 'no address') return false
      if (tables.length === 0 || (best && best.at < tables[0]!.at)) return best?.sign ?? false
      return ask(plainAddress(address), best, call)
    },
  }
}

/** Tables are asked for `192.0.2.1`, not for `::ffff:192.0.2.1`. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

const parsed = (text: string): Network => {
  const network = parseNetwork(text)
  if ('problem' in network) throw new TypeError(network.problem)
  return network
}
const keyOf = (bytes: readonly number[]): string => String.fromCharCode(...bytes)

function add(prefixes: Prefixes, network: Network, at: number): void {
  const family = child(prefixes, network.bytes.length, () => new Map())
  const sameLength = child(family, network.length, () => new Map<string, Entry>())
  const key = keyOf(network.bytes)
  if (!sameLength.has(key)) sameLength.set(key, { at, sign: network.sign })
}
function child<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
function firstMatch(prefixes: Prefixes, bytes: readonly number[]): Entry | undefined {
  let best: Entry | undefined
  for (const [length, entries] of prefixes.get(bytes.length) ?? []) {
    const entry = entries.get(keyOf(mask(bytes, length)))
    if (entry && (!best || entry.at < best.at)) best = entry
  }
  return best
}
