/** One entry of mynetworks, as Postfix writes it: `192.0.2.0/24`, `192.0.2.1`, `[2001:db8::]/32`, `!192.0.2.7`. */
import ipaddr from 'ipaddr.js'

export interface Network {
  /** false: `!network` */
  readonly sign: boolean
  readonly bytes: readonly number[]
  /** bits of the prefix */
  readonly length: number
}

export function parseNetwork(text: string): Network | { readonly problem: string } {
  const m = /^(!?)(\[[^\]]*\]|[^/[\]]*)(?:\/(\d{1,3}))?$/.exec(text.trim())
  const host = m?.[2]!.replace(/^\[|\]$/g, '')
  if (!m || !host || !isAddress(host)) return { problem: `"${text}" is no network: expected address or address/bits` }
  const bytes = ipaddr.parse(host).toByteArray()
  const length = m[3] === undefined ? bytes.length * 8 : Number(m[3])
  if (length > bytes.length * 8) return { problem: `"${text}": a prefix has at most ${bytes.length * 8} bits` }
  const masked = mask(bytes, length)
  if (masked.some((b, i) => b !== bytes[i])) {
    // a typing error here opens or closes a network by accident: Postfix refuses it too
    const better = `${ipaddr.fromByteArray(masked).toString()}/${length}`
    return { problem: `non-null host address bits in "${text}", perhaps you should use "${better}" instead` }
  }
  return { sign: m[1] === '', bytes, length }
}

/** ipaddr.js also takes `127.1` and `0x7f000001`; a list that decides who relays takes four numbers only. */
const isAddress = (host: string): boolean =>
  host.includes(':') ? ipaddr.IPv6.isValid(host) && !host.includes('%') : ipaddr.IPv4.isValidFourPartDecimal(host)

/** The client's bytes: an IPv4 client of an IPv6 socket (`::ffff:192.0.2.1`) is an IPv4 client. */
export function clientBytes(address: string): readonly number[] | undefined {
  const text = address.replace(/%.*$/, '')
  if (!isAddress(text)) return undefined
  return ipaddr.process(text).toByteArray()
}

/** The first `length` bits, the others zero. */
export function mask(bytes: readonly number[], length: number): number[] {
  return bytes.map((b, i) => {
    const bits = Math.min(8, Math.max(0, length - i * 8))
    return b & ((0xff << (8 - bits)) & 0xff)
  })
}
/** All addresses of a family: whoever writes this runs an open relay. */
export const isEverybody = (n: Network): boolean => n.sign && n.length === 0
