/** A message's bytes as they would go over the wire: header, empty line, body. */
import { gapOf } from '@postern/core'
import type { QueuedMessage } from '@postern/core'

type Content = Pick<QueuedMessage, 'envelope' | 'header' | 'body'>

/** Throws BodyDamaged at its end where the checksum does not hold. */
export async function* contentOf({ envelope, header, body }: Content): AsyncGenerator<Uint8Array> {
  yield header
  yield gapOf(envelope)
  yield* body.bytes ?? body.stream()
}

/** The other way. Lines may end in LF alone, as an editor writes them: then all of them become CRLF. */
export function splitContent(content: Buffer): { header: Buffer; body: Buffer; headerOnly?: boolean } {
  const first = content.indexOf(10)
  const bytes = first > 0 && content[first - 1] === 13 ? content : toCrlf(content)
  if (bytes[0] === 13 && bytes[1] === 10) return { header: Buffer.alloc(0), body: bytes.subarray(2) }
  const at = bytes.indexOf('\r\n\r\n')
  return at < 0
    ? { header: bytes, body: Buffer.alloc(0), headerOnly: true }
    : { header: bytes.subarray(0, at + 2), body: bytes.subarray(at + 4) }
}
function toCrlf(content: Buffer): Buffer {
  const text = content.toString('latin1').replace(/\r?\n/g, '\r\n')
  return Buffer.from(text === '' || text.endsWith('\n') ? text : `${text}\r\n`, 'latin1')
}
