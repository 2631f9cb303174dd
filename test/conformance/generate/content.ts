/** Messages: a header by chance, and bodies plain and in parts. */
import type { Pick } from './pick.ts'
import { address } from './words.ts'

function header(pick: Pick): string[] {
  const list = () =>
    pick
      .some([0], 1, 3)
      .map(() => phrase(pick))
      .join(', ')
  const fields = [
    () => `From: ${phrase(pick)}`,
    () => `To: ${list()}`,
    () => `Cc: ${list()},\n ${list()}`,
    () => `Bcc: ${list()}`,
    () => `Reply-To: ${phrase(pick)}`,
    () => `Sender: ${address(pick)}`,
    () => 'Date: Mon, 1 Jan 2024 00:00:00 +0000',
    () => 'Message-Id: <one@client.example>',
    () => `Subject: ${pick.one(['hello', 'a long one '.repeat(12), 'folded\n over\n\tlines', 'gr\u00fc\u00dfe'])}`,
    () => `Resent-${pick.one(['To', 'From', 'Bcc', 'Date'])}: ${phrase(pick)}`,
    () => `X-Other: ${phrase(pick)}`,
    () => `Errors-To: ${address(pick)}`,
    () => 'Return-Path: <old@client.example>',
    () => 'Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000',
    () => `Disposition-Notification-To: ${address(pick)}`,
    () => 'Content-Transfer-Encoding: 8bit',
    () => 'Mime-Version: 1.0\nContent-Type: text/plain; charset=utf-8',
  ]
  return pick.some(fields, 1, 7).map((make) => make())
}
const phrase = (pick: Pick): string => {
  const a = address(pick)
  return pick.one([a, a, `Some One <${a}>`, `"One, Some" <${a}>`, `${a} (comment)`, `Group: ${a};`, `<${a}>`])
}
const BODIES = [
  'hello there',
  '.leading dot\n..two\n\nend',
  'gr\u00fc\u00dfe',
  '',
  'x'.repeat(1200),
  'line\n'.repeat(300),
  'From me\n>From you',
]
/** A header in a hundred or so without a body, and without the line between them. */
export function message(pick: Pick): string {
  const fields = header(pick).join('\n')
  return pick.chance(0.06) ? fields : `${fields}\n\n${pick.one(BODIES)}`
}

const ENCODINGS = ['7bit', '8bit', 'binary', 'quoted-printable', 'base64', 'x-unknown', '']
const TEXTS = ['plain words', 'gr\u00fc\u00dfe', 'a = b\nend ', 'From here\n.\n..', 'long '.repeat(300), '']
const TYPES = ['text/plain', 'text/html; charset=utf-8', 'application/octet-stream', 'TEXT/Plain; x="a;b"', 'text', '']
/** An entity: its fields, an empty line, what it holds. */
function entity(pick: Pick, depth: number): string {
  const encoding = pick.one(ENCODINGS)
  const fields = encoding === '' ? [] : [`Content-Transfer-Encoding: ${encoding}`]
  const holds = depth > 0 && pick.chance(0.6)
  if (!holds) {
    const type = pick.one(TYPES)
    if (type !== '') fields.push(`Content-Type: ${type}`)
    return `${fields.join('\n')}\n\n${pick.one(TEXTS)}`
  }
  if (pick.chance(0.2))
    return `${['Content-Type: message/rfc822', ...fields].join('\n')}\n\n${inParts(pick, depth - 1)}`
  const boundary = pick.one(['b', 'in ner', '=_long'.repeat(10), "a'b"])
  const type = pick.one(['multipart/mixed', 'Multipart/Alternative', 'multipart/digest', 'multipart/report'])
  const field = `Content-Type: ${type}; boundary=${/[ =]/.test(boundary) || pick.chance(0.5) ? `"${boundary}"` : boundary}`
  const parts = pick.some([0], 1, 3).map(() => `--${boundary}\n${entity(pick, depth - 1)}\n`)
  const end = pick.chance(0.8) ? `--${boundary}--\n` : ''
  return `${[field, ...fields].join('\n')}\n\n${pick.one(['', 'gr\u00fc\u00dfe before\n'])}${parts.join('')}${end}${pick.one(['', 'behind'])}`
}
/** A message with MIME parts, whole or not. */
export function inParts(pick: Pick, depth = 3): string {
  const version = pick.chance(0.8) ? 'MIME-Version: 1.0\n' : ''
  return `Subject: parts\n${version}${entity(pick, depth)}`
}
