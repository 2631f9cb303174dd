/** Bodies that are in memory, and the line ends of what comes from plugins. */
import type { BodySink, BodySource } from '../contract/store.ts'

export function memoryBody(chunks: readonly Uint8Array[]): BodySource {
  return {
    size: chunks.reduce((n, c) => n + c.length, 0),
    bytes: chunks,

    async *stream() {
      yield* chunks
    },
  }
}
/** CRLF line ends, whatever came; the last line is ended. */
export function toCrlf(content: string | Uint8Array): Buffer {
  const bytes =
    typeof content === 'string'
      ? Buffer.from(content, 'utf8')
      : Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const text = bytes.toString('latin1')
  const fixed = /(?:^|[^\r])\n/.test(text) ? text.replace(/\r?\n/g, '\r\n') : text
  return Buffer.from(fixed === '' || fixed.endsWith('\r\n') ? fixed : fixed + '\r\n', 'latin1')
}
/** Lines without their ends, as latin1 text: byte for byte. */
export async function* lines(source: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  let rest = ''
  for await (const chunk of source) {
    const parts = (rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')).split('\n')
    rest = parts.pop()!
    for (const p of parts) yield p.endsWith('\r') ? p.slice(0, -1) : p
  }
  if (rest !== '') yield rest
}
/** For explain, which writes nothing to the queue. */
export function memorySink(): BodySink {
  const chunks: Uint8Array[] = []
  return {
    write(chunk) {
      chunks.push(chunk)
      return undefined
    },
    end: () => memoryBody(chunks),
    abort: () => void (chunks.length = 0),
  }
}
