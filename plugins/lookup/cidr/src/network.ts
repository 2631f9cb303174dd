import { WIDTH, formatAddress, mask4, mask6, parseAddress } from './address.ts'
import type { Address } from './address.ts'

/** An address and how many of its bits count. */
export interface Network {
  readonly address: Address
  readonly length: number
}
/** The message is Postfix's. */
export class BadNetwork extends Error {}

/** Reads `10.0.0.0/8`, `2001:db8::1`, `[2001:db8::]/32`, `[2001:db8::/32]`. Throws `BadNetwork`. */
export function parseNetwork(text: string): Network {
  const pattern = unbracket(text)
  const [network = '', ...masks] = pattern.split('/')
  if (masks.length === 0) {
    const address = parseAddress(pattern)
    if (!address) throw new BadNetwork(`bad address pattern: "${pattern}"`)
    return { address, length: WIDTH[address.family] }
  }
  const mask = masks.join('/')
  if (!/^\d+$/.test(mask)) throw new BadNetwork(`bad mask value in "${pattern}"`)
  const address = parseAddress(network)
  if (!address) throw new BadNetwork(`bad network value in "${pattern}"`)
  const length = Number(mask)
  if (length > WIDTH[address.family]) throw new BadNetwork(`bad mask length in "${pattern}"`)
  const masked = maskAddress(address, length)
  const better = formatAddress(masked)
  if (better !== formatAddress(address))
    throw new BadNetwork(
      `non-null host address bits in "${pattern}", perhaps you should use "${better}/${length}" instead`,
    )
  return { address, length }
}
function unbracket(text: string): string {
  if (!text.startsWith('[')) return text
  const close = text.indexOf(']')
  if (close < 0) throw new BadNetwork(`missing ']' character after "${text}"`)
  const rest = text.slice(close + 1)
  if (rest !== '' && !rest.startsWith('/')) throw new BadNetwork(`garbage after "${text.slice(0, close + 1)}"`)
  return text.slice(1, close) + rest
}
const maskAddress = (a: Address, length: number): Address =>
  a.family === 4 ? { family: 4, value: mask4(a.value, length) } : { family: 6, words: mask6(a.words, length) }

/** Is the address in it? One of the other family never is. */
export function contains({ address, length }: Network, key: Address): boolean {
  if (address.family === 4) return key.family === 4 && mask4(key.value, length) === address.value
  if (key.family === 4) return false
  const masked = mask6(key.words, length)
  return masked.every((word, i) => word === address.words[i])
}
