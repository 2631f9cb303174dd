/** Which addresses are our own, for the detection of loops. */
import { networkInterfaces } from 'node:os'

/** Interfaces change seldom; asking for them costs more than the rest of the way to a next hop. */
const REFRESH = 60_000

/** `interfaces`: addresses, or `all` for those of the machine. */
export function selfDetector(
  interfaces: readonly string[],
  proxies: readonly string[],
  now: () => number,
): (address: string) => boolean {
  let own = new Set<string>()
  let read = -Infinity
  const refresh = () => {
    read = now()
    const machine = Object.values(networkInterfaces()).flatMap((list) => list?.map((i) => i.address) ?? [])
    own = new Set([...interfaces.flatMap((i) => (i === 'all' ? machine : [i])), ...proxies])
  }
  return (address) => {
    if (now() - read >= REFRESH) refresh()
    return own.has(address)
  }
}
