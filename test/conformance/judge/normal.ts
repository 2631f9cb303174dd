/** What differs from run to run becomes a placeholder, the same ones in expected.json. */
import { basename } from 'node:path'

const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const TIME = String.raw`\d\d:\d\d:\d\d`
/** a queue id, short or long */
const ID = '[0-9A-Za-z]{6,}'

/** In this order: a later one sees what an earlier one left. */
const RULES: readonly (readonly [what: RegExp, into: string])[] = [
  // replies and log lines
  [new RegExp(`(queued as )${ID}`, 'g'), '$1@QID@'],
  // Received, with the protocol or who handed it in before the id
  [new RegExp(String.raw`((?:SMTPS?A?|LMTPS?A?|userid \d+\)|\(Postfix\)|UTF8SMTPS?A?)\s+id )${ID}`, 'g'), '$1@QID@'],
  // the delivery status part of a report
  [/^(X-[A-Za-z]+-Queue-ID: )\S+/gm, '$1@QID@'],
  [/^((?:Resent-)?Message-I[dD]: <)\d{14}\.[0-9A-Za-z]+@/gim, '$1@ID@@'],
]
const LATER: readonly (readonly [what: RegExp, into: string])[] = [
  // RFC 5322 section 3.3
  [new RegExp(String.raw`(?:${DAY}, +)?\d{1,2} ${MONTH} \d{4} ${TIME} [+-]\d{4}(?: \([A-Z]+\))?`, 'g'), '@DATE@'],
  [new RegExp(`(forwarded as )${ID}`, 'g'), '$1@QID@'],
  // the line before a message in an mbox
  [new RegExp(String.raw`^(From (?:"[^"]*"\S*|\S+))  ?${DAY} .*$`, 'gm'), '$1 @CTIME@'],
  // what a TLS library of this day agrees on
  [/\(using TLS\S+ with cipher [^)]*?\)(?:\s+key-exchange[^\n]*\n)?/g, '(using @TLS@)'],
  [/^\s+key-exchange .*\n?/gm, ''],
  [/^\s+\(?server-(?:signature|digest).*\n?/gm, ''],
  [/uid=\d+/g, 'uid=@'],
  // mailq
  [
    new RegExp(String.raw`^[0-9A-Za-z]{6,}([*! ]) +\d+ ${DAY} [A-Z][a-z]{2} +\d+ ${TIME} `, 'gm'),
    '@QID@$1 @SIZE@ @CTIME@ ',
  ],
  [/-- \d+ Kbytes in/g, '-- @ Kbytes in'],
]

export interface Place {
  /** the room's folder */
  readonly folder: string
  /** by placeholder: `@PORT@` ... */
  readonly ports: Readonly<Record<string, number>>
}

const apply = (text: string, rules: typeof RULES) => rules.reduce((t, [what, into]) => t.replace(what, into), text)

export function normalText(text: string, place: Place): string {
  let t = text.replaceAll(place.folder, '@DIR@').replaceAll(basename(place.folder), '@TMP@')
  for (const [name, port] of Object.entries(place.ports)) {
    // a message may be as long as a port is high
    t = t.replace(new RegExp(String.raw`(?<!\d|SIZE=)${port}(?!\d)`, 'g'), name)
  }
  t = apply(t, RULES)
  for (const [, boundary] of t.matchAll(/boundary="([0-9A-Za-z]+\.\d+\/[^"]+)"/g)) {
    t = t.replaceAll(boundary!, '@BOUNDARY@')
  }
  t = apply(t, LATER)
  if (t.includes('multipart/report')) t = recipientsInOrder(t)
  return t.replace(/temporary filename \S+/g, 'temporary filename @')
}

/** Strings anywhere in a value. */
export function normal<T>(value: T, place: Place): T {
  if (typeof value === 'string') return normalText(value, place) as T
  if (Array.isArray(value)) return value.map((v: unknown) => normal(v, place)) as T
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, normal(v as unknown, place)])) as T
}

/** A report tells of its recipients in any order: paragraphs that follow one another and begin alike are sorted. */
function recipientsInOrder(text: string): string {
  const paragraphs = text.split('\n\n')
  const kind = (p: string | undefined) =>
    p?.startsWith('<') ? 'told' : p?.startsWith('Final-Recipient:') ? 'fields' : undefined
  const out: string[] = []
  for (let i = 0; i < paragraphs.length;) {
    const first = kind(paragraphs[i])
    let end = i + 1
    while (first && end < paragraphs.length && kind(paragraphs[end]) === first) end++
    out.push(...paragraphs.slice(i, end).sort())
    i = end
  }
  return out.join('\n\n')
}
