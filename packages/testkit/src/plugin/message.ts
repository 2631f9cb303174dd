/** A message's text as the views show it. */
import type { HeaderField, HeaderView } from '@postern/core'

export interface SplitMessage {
  /** header with its last CRLF, without the empty line */
  readonly header: string
  readonly body: string
  readonly raw: Buffer
}
/** Line ends made CRLF, header and body apart. */
export function splitMessage(message: string): SplitMessage {
  const text = message.replace(/\r?\n/g, '\r\n')
  const empty = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n')
  const raw = Buffer.from(text)
  if (text.startsWith('\r\n')) return { header: '', body: text.slice(2), raw }
  return empty < 0
    ? { header: text, body: '', raw }
    : { header: text.slice(0, empty + 2), body: text.slice(empty + 4), raw }
}

export function headerView(header: string): HeaderView {
  const fields: HeaderField[] = []
  for (const raw of header.replace(/\r?\n/g, '\r\n').split(/(?<=\r\n)(?![ \t])/)) {
    const m = /^([^\s:]+)\s*:([^]*)$/.exec(raw)
    if (m) fields.push({ name: m[1]!, value: m[2]!.replace(/\r\n/g, '').trim(), raw })
  }
  const all = (name: string) => fields.filter((f) => f.name.toLowerCase() === name.toLowerCase()).map((f) => f.value)
  return { fields, all, get: (name) => all(name)[0] }
}
