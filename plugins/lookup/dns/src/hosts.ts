/** Names that are answered before DNS: the option `hosts` and the hosts file, as hosts(5) writes it. */
import { isIP } from 'node:net'

/** Lower-case names to addresses, and addresses to names, in the order in which they were given. */
export class Hosts {
  readonly #addresses = new Map<string, string[]>()
  readonly #names = new Map<string, string[]>()

  add(name: string, address: string): void {
    const key = hostKey(name)
    push(this.#addresses, key, address)
    push(this.#names, addressKey(address), key)
  }
  /** The name's addresses of one family; `undefined` when the name is not here at all. */
  addresses(name: string, family: 4 | 6): readonly string[] | undefined {
    return this.#addresses.get(hostKey(name))?.filter((a) => isIP(a) === family)
  }
  names(address: string): readonly string[] | undefined {
    return this.#names.get(addressKey(address))
  }
}

export const hostKey = (name: string): string => (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
/** `::1` and `0:0:0:0:0:0:0:1` are one address. */
const addressKey = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address.replace(/%.*/, '')}]`).hostname : address

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key)
  if (!list) map.set(key, [value])
  else if (!list.includes(value)) list.push(value)
}

/** Adds what a hosts file says; lines that are none are skipped, as the C library does. */
export function addHostsFile(hosts: Hosts, text: string): void {
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (address && isIP(address)) for (const name of names) hosts.add(name, address)
  }
}
