/** What Postfix asks the host for: its name and its networks. */
import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { ParameterError } from './problem.ts'
import { COMMA_BLANKS, words } from './text.ts'

export interface Host {
  /** what gethostname() says, with or without a domain */
  readonly name: string
  readonly addresses: readonly { address: string; prefix: number; family: 4 | 6 }[]
  /** addresses of names that inet_interfaces may hold */
  readonly names?: ReadonlyMap<string, readonly string[]>
}

/** This machine, now. */
export function thisHost(): Host {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const addresses = all.map(({ address, cidr, family }) => ({
    address,
    prefix: Number(cidr?.split('/')[1] ?? (family === 'IPv4' ? 32 : 128)),
    family: family === 'IPv4' ? (4 as const) : (6 as const),
  }))
  return { name: hostname(), addresses, names: hostsFile() }
}

function hostsFile(): Map<string, string[]> {
  const names = new Map<string, string[]>()
  let text = ''
  try {
    text = readFileSync('/etc/hosts', 'utf8')
  } catch {
    // without the file no name in it is known
  }
  for (const line of text.split('\n')) {
    const [address, ...more] = line.replace(/#.*/, '').trim().split(/\s+/)
    for (const name of more) names.set(name.toLowerCase(), [...(names.get(name.toLowerCase()) ?? []), address!])
  }
  return names
}

/** `class`: of an IPv4 address by its first bits; IPv6 has none and takes the subnet. */
export type NetworksStyle = 'host' | 'subnet' | 'class'
/** The value of mynetworks_style. Throws ParameterError. */
export function networksStyle(text: string): NetworksStyle {
  const name = 'mynetworks_style'
  const styles = new Set<NetworksStyle>()
  for (const word of words(text, COMMA_BLANKS, false)) {
    if (word !== 'host' && word !== 'subnet' && word !== 'class')
      throw new ParameterError(`unknown mynetworks mask style value "${word}" in "${text}"`, name)
    styles.add(word)
  }
  const [style] = styles
  if (style === undefined || styles.size > 1)
    throw new ParameterError(`bad ${name} value: ${text}; specify exactly one value`, name)
  return style
}

/** The default of mynetworks. `interfaces` and `protocols` are the elements of inet_interfaces and inet_protocols. */
export function networksOf(host: Host, style: NetworksStyle, interfaces: string[], protocols: string[]): string {
  const found = new Set<string>()
  for (const family of [4, 6] as const) {
    if (!protocols.includes('all') && !protocols.includes(`ipv${family}`)) continue
    for (const { address, prefix, family: own } of host.addresses) {
      if (own !== family || !listens(host, address, interfaces)) continue
      const bits = family === 4 ? bytesOf4(address) : bytesOf6(address)
      const length = style === 'host' ? bits.length * 8 : style === 'class' && family === 4 ? classOf(bits[0]!) : prefix
      const network = bits.map((byte, i) => byte & ((0xff00 >> Math.min(8, Math.max(0, length - 8 * i))) & 0xff))
      found.add(`${family === 4 ? network.join('.') : `[${text6(network)}]`}/${length}`)
    }
  }
  return [...found].join(' ')
}

function listens(host: Host, address: string, interfaces: string[]): boolean {
  const loopback = address.startsWith('127.') || address === '::1'
  return interfaces.some((word) => {
    const name = word.toLowerCase().replace(/^\[(.*)\]$/, '$1')
    if (name === 'all' || name === address) return true
    return name === 'loopback-only' ? loopback : (host.names?.get(name) ?? []).includes(address)
  })
}
const classOf = (first: number) => (first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : 32)
const bytesOf4 = (address: string) => address.split('.').map(Number)

function bytesOf6(address: string): number[] {
  const [head, tail] = address.replace(/%.*/, '').split('::')
  const groups = (part: string | undefined) => (part ? part.split(':').map((g) => parseInt(g, 16)) : [])
  const [before, after] = [groups(head), groups(tail)]
  const middle = tail === undefined ? [] : new Array<number>(8 - before.length - after.length).fill(0)
  return [...before, ...middle, ...after].flatMap((g) => [g >> 8, g & 0xff])
}
/** As inet_ntop() writes it: the longest run of zero groups is left out, of equals the first (RFC 5952 section 4.2). */
function text6(bytes: number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)
  let [start, length] = [-1, 1]
  for (let i = 0; i < 8; i++) {
    let run = 0
    while (groups[i + run] === 0) run++
    if (run > length) [start, length] = [i, run]
  }
  const hex = (part: number[]) => part.map((g) => g.toString(16)).join(':')
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}
