/** IP addresses as numbers, read as strictly as inet_pton(3) does. */

export type Address =
  | { readonly family: 4; readonly value: number }
  /** four words of 32 bits, the first one first */
  | { readonly family: 6; readonly words: Words }
export type Words = readonly [number, number, number, number]

export const WIDTH = { 4: 32, 6: 128 } as const

/** No brackets, no zone, no octal, no fewer than four parts: what is not an address is undefined. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > 45) return undefined
  if (text.includes(':')) {
    const words = parse6(text)
    return words && { family: 6, words }
  }
  const value = parse4(text)
  return value === undefined ? undefined : { family: 4, value }
}

/** a number without a sign */
function parse4(text: string): number | undefined {
  let value = 0
  let part = 0
  let digits = 0
  let parts = 0
  for (let i = 0; i <= text.length; i++) {
    const c = text.charCodeAt(i)
    if (c >= 48 && c <= 57) {
      // a leading zero would be octal to some and decimal to others
      if (digits > 0 && part === 0) return undefined
      part = part * 10 + c - 48
      digits++
      if (part > 255) return undefined
    } else if ((c === 46 || i === text.length) && digits > 0 && parts < 4) {
      value = value * 256 + part
      parts++
      part = digits = 0
    } else return undefined
  }
  return parts === 4 ? value : undefined
}

function parse6(text: string): Words | undefined {
  const gap = text.indexOf('::')
  const groups: number[] = []
  if (gap < 0) return take(text, groups, true) && groups.length === 8 ? pack(groups) : undefined
  const tail: number[] = []
  const head = text.slice(0, gap)
  const rest = text.slice(gap + 2)
  if (head !== '' && !take(head, groups, false)) return undefined
  if (rest !== '' && !take(rest, tail, true)) return undefined
  const missing = 8 - groups.length - tail.length
  return missing < 1 ? undefined : pack([...groups, ...new Array<number>(missing).fill(0), ...tail])
}
/** Appends the groups of 16 bits; the last may be an IPv4 address (RFC 4291 section 2.2). */
function take(text: string, groups: number[], last: boolean): boolean {
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes('.')) {
      const value = parse4(part)
      if (value === undefined) return false
      groups.push(value >>> 16, value & 0xffff)
    } else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(parseInt(part, 16))
    else return false
  }
  return groups.length <= 8
}
function pack(g: readonly number[]): Words {
  const word = (i: number) => ((g[i]! << 16) | g[i + 1]!) >>> 0
  return [word(0), word(2), word(4), word(6)]
}

/** The bits of word `index` that a prefix of `length` bits covers. */
const maskOf = (length: number, index: number): number => {
  const bits = Math.min(Math.max(length - 32 * index, 0), 32)
  return bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0
}
export const mask4 = (value: number, length: number): number => (value & maskOf(length, 0)) >>> 0
export const mask6 = ([a, b, c, d]: Words, length: number): Words => [
  (a & maskOf(length, 0)) >>> 0,
  (b & maskOf(length, 1)) >>> 0,
  (c & maskOf(length, 2)) >>> 0,
  (d & maskOf(length, 3)) >>> 0,
]

/** As inet_ntop(3) writes it. */
export function formatAddress(address: Address): string {
  if (address.family === 4) return [24, 16, 8, 0].map((s) => (address.value >>> s) & 255).join('.')
  const groups = address.words.flatMap((w) => [w >>> 16, w & 0xffff])
  let best = { at: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let n = 0
    while (i + n < 8 && groups[i + n] === 0) n++
    if (n > best.length) best = { at: i, length: n }
  }
  const hex = (part: readonly number[]) => part.map((g) => g.toString(16)).join(':')
  if (best.at < 0) return hex(groups)
  const four = best.at === 0 && (best.length === 6 || (best.length === 5 && groups[5] === 0xffff))
  if (four) return `::${best.length === 5 ? 'ffff:' : ''}${formatAddress({ family: 4, value: address.words[3] })}`
  return `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`
}
