/** POSIX ustar, as much as pairs of files need. */
const BLOCK = 512
const FIELDS = { size: [124, 12], mtime: [136, 12], sum: [148, 8] } as const

export interface TarFile {
  readonly name: string
  readonly content: Buffer
}
/** `mtime`: ms since 1970 */
export function tarHeader(name: string, size: number, mtime: number): Buffer {
  const h = Buffer.alloc(BLOCK)
  if (Buffer.byteLength(name) > 100) throw new RangeError(`${name} is too long a name for tar`)
  const octal = ([at, length]: readonly [number, number], n: number) =>
    h.write(n.toString(8).padStart(length - 1, '0'), at, length - 1, 'latin1')
  h.write(name, 0, 'utf8')
  h.write('0000600\0' + '0000000\0' + '0000000\0', 100, 'latin1')
  octal(FIELDS.size, size)
  octal(FIELDS.mtime, Math.floor(mtime / 1000))
  h.write('0', 156, 'latin1')
  h.write('ustar\u000000', 257, 'latin1')
  h.write(sumOf(h).toString(8).padStart(6, '0') + '\0 ', FIELDS.sum[0], 'latin1')
  return h
}
/** The checksum's own field counts as spaces. */
function sumOf(h: Buffer): number {
  const [at, length] = FIELDS.sum
  let sum = length * 32
  for (let i = 0; i < BLOCK; i++) if (i < at || i >= at + length) sum += h[i]!
  return sum
}
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
export const TAR_END = Buffer.alloc(2 * BLOCK)

/** The files, one at a time in memory; folders and extended headers are passed over. Throws on what is no tar. */
export async function* readTar(stream: AsyncIterable<Buffer>): AsyncGenerator<TarFile> {
  const bytes = new Bytes(stream)
  for (;;) {
    const h = await bytes.take(BLOCK)
    if (h.length === BLOCK && h.every((b) => b === 0)) return
    if (h.length === 0) throw new Error('the tar archive is cut off')
    const number = ([at, length]: readonly [number, number]) =>
      Number.parseInt(h.toString('latin1', at, at + length).replace(/[\0 ]+$/, '') || '0', 8)
    if (h.length < BLOCK || number(FIELDS.sum) !== sumOf(h)) throw new Error('is not a tar archive, or is damaged')
    const size = number(FIELDS.size)
    const content = await bytes.take(size)
    await bytes.take(tarPadding(size).length)
    if (content.length < size) throw new Error('the tar archive is cut off')
    const name = h.toString('utf8', 0, 100).replace(/\0.*$/s, '')
    if (h[156] === 0 || h[156] === 0x30) yield { name, content }
  }
}
class Bytes {
  readonly #from: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)
  constructor(stream: AsyncIterable<Buffer>) {
    this.#from = stream[Symbol.asyncIterator]()
  }
  /** fewer only at the end */
  async take(n: number): Promise<Buffer> {
    const parts = [this.#rest]
    let have = this.#rest.length
    while (have < n) {
      const next = await this.#from.next()
      if (next.done) break
      parts.push(next.value)
      have += next.value.length
    }
    const all = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    this.#rest = all.subarray(n)
    return all.subarray(0, n)
  }
}
