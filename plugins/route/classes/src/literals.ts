/** Address literals (RFC 5321 section 4.1.3): is `user@[192.0.2.1]` us? */
import { BlockList, isIP } from 'node:net'

/** Says of a domain `[address]` whether the address is one of ours. */
export function ownLiterals(addresses: readonly string[]): (domain: string) => boolean {
  const own = new BlockList()
  for (const a of addresses) own.addAddress(a, isIP(a) === 6 ? 'ipv6' : 'ipv4')
  return (domain) => {
    const address = domain.slice(1, -1).replace(/^ipv6:/i, '')
    const version = isIP(address)
    return version !== 0 && own.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}
