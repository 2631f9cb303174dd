/** Answers, lookups and edits in words. */
import type { AnyEdit, Lookup, NewAddress, Reply } from '@postern/core'

export const replyText = (r: Pick<Reply, 'code' | 'esc' | 'text'>): string =>
  [r.code, r.esc, [r.text].flat().join(' / ')].filter((p) => p !== undefined && p !== '').join(' ')

/** What an answer is about, whatever its kind; the core has checked it. */
export interface SaidVerdict {
  readonly kind: string
  readonly why?: string
  readonly code?: number
  readonly esc?: string
  readonly text?: string
  readonly cause?: unknown
  readonly reason?: string
  readonly transport?: string
  readonly nexthop?: string
  readonly user?: string
  readonly addressClass?: string
  readonly to?: readonly NewAddress[]
}
type SaidEdits = { readonly kind: 'edits'; readonly verdict?: SaidVerdict }

/** The verdict in an answer; `undefined` when the tap had none. */
export function verdictOf(answer: unknown): SaidVerdict | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  const said = answer as SaidVerdict | SaidEdits
  return said.kind === 'edits' ? (said as SaidEdits).verdict : (said as SaidVerdict)
}

export function verdictText(v: SaidVerdict): string {
  switch (v.kind) {
    case 'permit':
      return 'permit'
    case 'claim':
      return `claim (${v.why})`
    case 'refuse':
    case 'defer':
      return `${v.kind} ${replyText(v as Reply)}${causeText(v.cause)}`
    case 'hangUp':
      return `hang up ${replyText(v as Reply)}${causeText(v.cause)}`
    case 'discard':
      return `discard: accept the message and throw it away${causeText(v.cause)}`
    case 'hold':
      return `hold: ${v.reason}`
    case 'route':
      return `route ${wayText(v.transport!, v.nexthop, v.addressClass)}${v.user ? `, as user ${v.user}` : ''}`
    case 'expand':
      return `expand to ${v.to!.map((a) => (a.final ? `${a.address} (final)` : a.address)).join(', ')}`
    default:
      return v.kind
  }
}
/** The cause is for the log only: the client never reads it. */
const causeText = (cause: unknown): string =>
  cause === undefined || cause === null ? '' : ` (cause: ${typeof cause === 'string' ? cause : JSON.stringify(cause)})`

export const wayText = (transport: string, nexthop?: string, addressClass?: string): string =>
  [`by ${transport}`, nexthop ? `next hop ${nexthop}` : '', addressClass ? `class ${addressClass}` : '']
    .filter(Boolean)
    .join(', ')

export function lookupText(table: string, key: string, answer: unknown): string {
  const a = answer as Lookup
  const value = a.kind === 'found' ? a.value : a.kind === 'failed' ? `failed (${a.why}): ${a.cause}` : 'absent'
  // an inline table is its own name
  const name = table.length > 48 ? `${table.slice(0, 45)}...` : table
  return `${name} ${key === '' ? '""' : key} -> ${value}`
}

export function editText(edit: AnyEdit): string {
  switch (edit.kind) {
    case 'header.insert':
      return `insert header "${edit.name}: ${edit.value}" at ${edit.at === 'top' || edit.at === 'bottom' ? `the ${edit.at}` : `position ${edit.at}`}`
    case 'header.replace':
      return `replace header ${edit.name}${edit.index > 0 ? `[${edit.index}]` : ''} by "${edit.value}"`
    case 'header.remove':
      return `remove header ${edit.name}${edit.index === undefined ? '' : `[${edit.index}]`}`
    case 'sender.set':
      return `set the sender to <${edit.address}>`
    case 'recipient.add':
      return `add ${edit.bcc ? 'a blind copy to' : 'the recipient'} ${edit.address}`
    case 'recipient.replace':
      return `replace the recipient ${edit.from} by ${edit.to}`
    case 'recipient.remove':
      return `remove the recipient ${edit.address}`
    case 'route.all':
      return `route all recipients ${wayText(edit.transport, edit.nexthop)}`
    case 'mark.set':
      return `set the mark ${edit.mark} to ${JSON.stringify(edit.value)}`
    case 'hold':
      return `hold: ${edit.reason}`
    case 'body.replace':
      return `replace the body (${typeof edit.content === 'string' ? `${edit.content.length} characters` : 'other bytes'})`
    case 'client.set':
      return `set the client's ${Object.entries(edit.client)
        .map(([k, v]) => `${k} to ${v}`)
        .join(', ')}`
    case 'deferIfPermit':
      return `if it would be permitted, defer: ${replyText(edit.defer)}`
    case 'deferIfReject':
      return `if it would be refused, defer: ${replyText(edit.defer)}`
    case 'refuseLater':
      return `at RCPT, refuse: ${replyText(edit.refuse)}`
  }
}
