/** Does a message need SMTPUTF8 by what it holds (RFC 6532), as Postfix's smtputf8_autodetect_classes finds it? */
import { isAscii, isUtf8 } from 'node:buffer'
import { MimeMachine } from '@postern/mime'

/** Is there UTF-8 in a field of the message's header, or of a part's? What is no UTF-8 counts for nothing. */
export function hasUtf8Header(content: Uint8Array): boolean {
  if (isAscii(content)) return false
  let found = false
  const machine = new MimeMachine({
    field: ({ raw }) => {
      const bytes = Buffer.from(raw, 'latin1')
      found ||= !isAscii(bytes) && isUtf8(bytes)
    },
    body: () => undefined,
  })
  const end = headerEnd(content)
  machine.header(content.subarray(0, end))
  machine.write(content.subarray(end + 2))
  machine.end()
  return found
}
/** Where the header ends, with its last line end; the empty line follows. */
function headerEnd(content: Uint8Array): number {
  const all = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  if (all[0] === 0x0d && all[1] === 0x0a) return 0
  const at = all.indexOf('\r\n\r\n')
  return at < 0 ? all.length : at + 2
}
