/**
 * Sendmail's socketmap protocol: a netstring with `NAME KEY`, and one with `OK VALUE`, `NOTFOUND`, `TEMP`, `TIMEOUT` or
 * `PERM` back, as socketmap_table(5) has it.
 */
import { absent, failed, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { Refused } from '@postern/lookup-kit'

/** digits of a length that makes sense, leading zeros too */
const DIGITS = 10
const COLON = 0x3a
const COMMA = 0x2c

export function request(name: string, key: string): Buffer {
  const text = Buffer.from(`${name} ${key}`)
  return Buffer.concat([Buffer.from(`${text.length}:`), text, Buffer.from(',')])
}

/** Takes the netstring off the front; `undefined` when it is not complete. Throws when there is none, or a too large one. */
export function netstring(bytes: Buffer, most: number): { reply: Buffer; length: number } | undefined {
  const colon = bytes.subarray(0, DIGITS + 1).indexOf(COLON)
  const head = bytes.toString('latin1', 0, colon < 0 ? Math.min(bytes.length, DIGITS + 1) : colon)
  if (!/^\d*$/.test(head) || colon === 0 || head.length > DIGITS) throw new Error('the server sends no netstring')
  if (colon < 0) return undefined
  const size = Number(head)
  // another key's reply may be small enough
  if (size > most) throw new Refused(`a reply of ${size} bytes; the limit is ${most}`)
  const end = colon + 1 + size
  if (bytes.length <= end) return undefined
  if (bytes[end] !== COMMA) throw new Error('the server sends no netstring')
  return { reply: bytes.subarray(colon + 1, end), length: end + 1 }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
export function answerOf(reply: Buffer): Lookup {
  let text: string
  try {
    text = utf8.decode(reply)
  } catch {
    return failed('a reply is not UTF-8', 'misconfigured')
  }
  const at = text.indexOf(' ')
  const status = at < 0 ? text : text.slice(0, at)
  const rest = at < 0 ? '' : text.slice(at + 1)
  const reason = rest === '' ? '' : `: ${rest.slice(0, 200)}`
  switch (status) {
    case 'OK':
      // without the blank it is no value, and it is not "not found" either
      if (at < 0) return failed('the server says OK and no value')
      return rest.includes('\0') ? failed('a value holds a NUL', 'misconfigured') : found(rest)
    case 'NOTFOUND':
      return absent()
    case 'TEMP':
      return failed(`the server has a temporary error${reason}`)
    case 'TIMEOUT':
      return failed(`the server had a timeout${reason}`)
    case 'PERM':
      return failed(`the server has a permanent error${reason}`, 'misconfigured')
    default:
      return failed(`the server says ${JSON.stringify(status.slice(0, 40))}, which the protocol does not have`)
  }
}
