/** Lines of a stream as bytes, for keys: whatever was read is what is printed again. */
import { isUtf8 } from 'node:buffer'

/** Without their line feeds; a carriage return stays, as postmap(1) keeps it. The last line needs no line feed. */
export async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  for await (const chunk of input) {
    const bytes =
      typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    let from = 0
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      yield rest.length > 0 ? Buffer.concat([...rest, bytes.subarray(from, at)]) : bytes.subarray(from, at)
      rest = []
      from = at + 1
    }
    if (from < bytes.length) rest.push(bytes.subarray(from))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}
/** `undefined`: not UTF-8; no table has such a key. */
export const keyOf = (line: Buffer): string | undefined => (isUtf8(line) ? line.toString('utf8') : undefined)
