/** A list of networks, written as Postfix writes them: `127.0.0.0/8`, `[::1]/128`, `192.0.2.7`, `!192.0.2.9`: the first that has an address decides. */
import { BlockList, isIP, isIPv4 } from 'node:net'

export interface Networks {
  has(address: string): boolean
}

/** addresses whose answer is remembered */
const KNOWN = 1000
const NETWORK = /^!*\[?([0-9a-f.:]+)\]?(?:\/(\d{1,3}))?$/i

export const isNetwork = (text: string): boolean => {
  const m = NETWORK.exec(text)
  if (!m || isIP(m[1]!) === 0) return false
  return m[2] === undefined || Number(m[2]) <= (isIPv4(m[1]!) ? 32 : 128)
}

export function networks(list: readonly string[]): Networks {
  if (list.length === 0) return { has: () => false }
  // runs of the same sense: one look for each
  const runs: { readonly has: boolean; readonly blocks: BlockList }[] = []
  for (const text of list) {
    const [, address, bits] = NETWORK.exec(text)!
    const family = isIPv4(address!) ? 'ipv4' : 'ipv6'
    const has = /^!*/.exec(text)![0].length % 2 === 0
    if (runs.at(-1)?.has !== has) runs.push({ has, blocks: new BlockList() })
    const { blocks } = runs.at(-1)!
    if (bits === undefined) blocks.addAddress(address!, family)
    else blocks.addSubnet(address!, Number(bits), family)
  }
  // asked for each command of a client, and a check costs more than the rest of the command
  const known = new Map<string, boolean>()
  const check = (address: string): boolean => {
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    const answer = isIP(address) > 0 && (runs.find(({ blocks }) => blocks.check(address, family))?.has ?? false)
    if (known.size >= KNOWN) known.clear()
    known.set(address, answer)
    return answer
  }
  return { has: (address) => known.get(address) ?? check(address) }
}
