/** Postfix's tcp_table(5): `get KEY` in a line, and `200 VALUE`, `500 TEXT` or `400 TEXT` back, with `%XX` for what a line cannot hold. */
import { absent, failed, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { Refused } from '@postern/lookup-kit'

/** bytes of a reply with its newline */
const LONGEST = 4096
const NEWLINE = 0x0a
const PERCENT = 0x25

/** All but printable ASCII is encoded, and the blank and the percent sign are. */
export function request(key: string): Buffer {
  let text = 'get '
  for (const byte of Buffer.from(key)) {
    if (byte > 0x20 && byte < 0x7f && byte !== PERCENT) text += String.fromCharCode(byte)
    else text += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return Buffer.from(`${text}\n`, 'latin1')
}
/** Takes a line off the front; `undefined` when there is no whole one. */
export function line(bytes: Buffer): { reply: Buffer; length: number } | undefined {
  const end = bytes.subarray(0, LONGEST).indexOf(NEWLINE)
  if (end >= 0) return { reply: bytes.subarray(0, end), length: end + 1 }
  // another key's reply may be short enough
  if (bytes.length >= LONGEST) throw new Refused(`a reply of more than ${LONGEST} bytes`)
  return undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
export function answerOf(reply: Buffer): Lookup {
  const bytes = decoded(reply)
  const m = bytes && /^(\d{3})[ \t\r\v\f]([^]*)$/.exec(bytes.toString('latin1'))
  if (!m) return failed(`the server says ${JSON.stringify(reply.toString('latin1', 0, 40))}, which is no reply`)
  let text: string
  try {
    text = utf8.decode(bytes.subarray(4))
  } catch {
    return failed('a reply is not UTF-8', 'misconfigured')
  }
  switch (m[1]) {
    case '200':
      return text.includes('\0') ? failed('a value holds a NUL', 'misconfigured') : found(text)
    case '500':
      return absent()
    case '400':
      return failed(`the server has an error: ${text.slice(0, 200)}`)
    default:
      return failed(`the server says ${m[1]}, which the protocol does not have`)
  }
}
/** `undefined` when a percent sign stands before what is no number. */
function decoded(reply: Buffer): Buffer | undefined {
  if (!reply.includes(PERCENT)) return reply
  const text = reply.toString('latin1')
  if (/%(?![\da-f]{2})/i.test(text)) return undefined
  return Buffer.from(
    text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  )
}
