/** Our own addresses, as inet_interfaces and inet_protocols mean them. */
import { execFileSync } from 'node:child_process'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

export type Protocols = 'all' | 'ipv4' | 'ipv6'
const speaks = (protocols: Protocols, address: string): boolean =>
  protocols === 'all' || isIP(address) === (protocols === 'ipv4' ? 4 : 6)

const ofThisHost = (): string[] =>
  Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address.split('%')[0]!))

export const protocolsOf = (words: readonly string[]): Protocols => {
  const [one, two] = words.map((word) => word.toLowerCase())
  return two !== undefined || (one !== 'ipv4' && one !== 'ipv6') ? 'all' : one
}

/** The addresses of `all`, `loopback-only`, names and addresses. */
export function ownAddresses(words: readonly string[], protocols: Protocols): string[] {
  const found = words.flatMap((word): string[] => {
    const text = word.toLowerCase()
    if (text === 'all') return ['127.0.0.1', '::1', ...ofThisHost()]
    if (text === 'loopback-only') return ['127.0.0.1', '::1']
    const plain = text.replace(/^\[(.*)\]$/, '$1').replace(/^ipv6:/, '')
    return isIP(plain) ? [plain] : addressesOf(text)
  })
  return [...new Set(found.filter((address) => speaks(protocols, address)))]
}
function addressesOf(name: string): string[] {
  try {
    const lines = execFileSync('getent', ['ahosts', name], { encoding: 'utf8', timeout: 10_000 }).split('\n')
    return [...new Set(lines.map((line) => line.split(/\s/)[0]!).filter((address) => isIP(address)))]
  } catch {
    return []
  }
}
