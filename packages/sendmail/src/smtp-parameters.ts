/** What follows MAIL FROM: and RCPT TO: (RFC 5321 section 4.1.1, RFC 3461 section 4). Replies are Postfix's. */
import { addressesOf } from './address-list.ts'
import { notifyWords } from './flags.ts'
import type { DropEnvelope, DropRecipient } from './format.ts'

export type Mail = Pick<DropEnvelope, 'sender' | 'body' | 'ret' | 'envid'> & { readonly smtputf8?: boolean }
type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** A reply when it is refused. */
export function mailCommand(rest: string, sizeLimit: number): Mail | string {
  const path = pathOf('FROM', rest)
  if (!path) return '501 5.5.4 Syntax: MAIL FROM:<address>'
  const sender = addressOf(path.inner)
  if (sender === undefined) return '501 5.1.7 Bad sender address syntax'
  const mail: Writable<Mail> = { sender }
  for (const word of path.words) {
    const [key, value] = keyAndValue(word)
    if (key === 'SIZE') {
      if (!/^\d+$/.test(value)) return '501 5.5.4 Bad message size syntax'
      if (sizeLimit > 0 && Number(value) > sizeLimit) return '552 5.3.4 Message size exceeds fixed limit'
    } else if (key === 'BODY' && /^(?:7BIT|8BITMIME)$/i.test(value)) mail.body = value.toUpperCase() as Mail['body']
    else if (key === 'RET') {
      if (!/^(?:FULL|HDRS)$/i.test(value)) return '501 5.5.4 Bad RET parameter syntax'
      mail.ret = value.toUpperCase() as Mail['ret']
    } else if (key === 'ENVID') {
      mail.envid = unxtext(value)
      if (mail.envid === undefined) return '501 5.5.4 Bad ENVID parameter syntax'
    } else if (word.toUpperCase() === 'SMTPUTF8') mail.smtputf8 = true
    else return `555 5.5.4 Unsupported option: ${word}`
  }
  return mail
}
/** A reply when it is refused. */
export function rcptCommand(rest: string): DropRecipient | string {
  const path = pathOf('TO', rest)
  if (!path) return '501 5.5.4 Syntax: RCPT TO:<address>'
  const address = addressOf(path.inner)
  if (!address) return '501 5.1.3 Bad recipient address syntax'
  const rcpt: Writable<DropRecipient> = { address }
  for (const word of path.words) {
    const [key, value] = keyAndValue(word)
    if (key === 'NOTIFY') {
      rcpt.notify = notifyWords(value)
      if (!rcpt.notify) return '501 5.5.4 Error: Bad NOTIFY parameter syntax'
    } else if (key === 'ORCPT') {
      const orcpt = /^[^;]+;.+$/.test(value) ? unxtext(value) : undefined
      if (orcpt === undefined) return '501 5.5.4 Error: Bad ORCPT parameter syntax'
      rcpt.orcpt = orcpt
    } else return `555 5.5.4 Unsupported option: ${word}`
  }
  return rcpt
}

function pathOf(word: string, rest: string): { inner: string; words: string[] } | undefined {
  const found = new RegExp(`^${word}:\\s*(<(?:"(?:[^"\\\\]|\\\\.)*"|[^">])*>|[^\\s<]\\S*)(?=\\s|$)(.*)$`, 'i').exec(
    rest,
  )
  return found ? { inner: found[1]!, words: found[2]!.split(/\s+/).filter(Boolean) } : undefined
}
/** `''` for the null sender, `undefined` for what is not one address. */
function addressOf(path: string): string | undefined {
  if (/^<\s*>$/.test(path)) return ''
  // the line came as bytes
  const found = addressesOf(Buffer.from(path, 'latin1').toString('utf8'))
  return found.length === 1 && !/[\x00-\x1f\x7f]|@$|^@[^:]*$/.test(found[0]!) ? found[0] : undefined // eslint-disable-line no-control-regex
}
function keyAndValue(word: string): [string, string] {
  const split = word.indexOf('=')
  return split < 0 ? [word.toUpperCase(), ''] : [word.slice(0, split).toUpperCase(), word.slice(split + 1)]
}
/** RFC 3461 section 4; `undefined` when it is not that, or not printable */
function unxtext(text: string): string | undefined {
  if (/\+(?![0-9a-f]{2})/i.test(text)) return undefined
  const plain = text.replace(/\+([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return /^[\x20-\x7e]+$/.test(plain) ? plain : undefined
}
