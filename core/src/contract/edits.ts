/**
 * Edits: what a tap wants changed. Data, applied by the core after the tap has succeeded; they never end a list, and
 * each later tap sees the result. That makes them loggable, testable and translatable into milter actions.
 */
import type { Defer, Hold, Private, TemporaryCode } from './verdicts.ts'
import { defer } from './verdicts.ts'
import type { Json, MarkToken } from './tokens.ts'
import type { Refuse } from './verdicts.ts'

export interface InsertHeader {
  readonly kind: 'header.insert'
  readonly name: string
  readonly value: string
  /** `top` (default) or `bottom` of the header, or a position counted from 0 */
  readonly at: 'top' | 'bottom' | number
}
export interface ReplaceHeader {
  readonly kind: 'header.replace'
  readonly name: string
  readonly value: string
  /** which of several with this name, counted from 0 */
  readonly index: number
}
export interface RemoveHeader {
  readonly kind: 'header.remove'
  readonly name: string
  /** which of several with this name, counted from 0; all when absent */
  readonly index?: number
}
export type HeaderEdit = InsertHeader | ReplaceHeader | RemoveHeader

export interface SetSender {
  readonly kind: 'sender.set'
  readonly address: string
}
export interface AddRecipient {
  readonly kind: 'recipient.add'
  readonly address: string
  /** a blind copy: no DSN, not shown in reports */
  readonly bcc: boolean
}
export interface ReplaceRecipient {
  readonly kind: 'recipient.replace'
  readonly from: string
  readonly to: string
}
export interface RemoveRecipient {
  readonly kind: 'recipient.remove'
  readonly address: string
}
/** All recipients leave by this transport and next hop (Postfix's FILTER). */
export interface RouteAll {
  readonly kind: 'route.all'
  readonly transport: string
  readonly nexthop?: string
}
export interface SetMark {
  readonly kind: 'mark.set'
  readonly mark: string
  readonly value: Json
}
export type EnvelopeEdit = SetSender | AddRecipient | ReplaceRecipient | RemoveRecipient | RouteAll | SetMark | Hold

export interface ReplaceBody {
  readonly kind: 'body.replace'
  /** lines end in CRLF or LF */
  readonly content: string | Uint8Array
}
export type BodyEdit = ReplaceBody

/** Facts about the client that a trusted front end knows better (XCLIENT, PROXY). */
export interface SetClient {
  readonly kind: 'client.set'
  readonly client: Partial<{
    address: string
    port: number
    name: string
    reverseName: string
    helo: string
    user: string
  }>
}
/** If RCPT would be permitted in the end, defer it instead (Postfix's defer_if_permit). */
export interface DeferIfPermit {
  readonly kind: 'deferIfPermit'
  readonly defer: Defer
}
/** If RCPT would be refused in the end, defer it instead (Postfix's defer_if_reject). */
export interface DeferIfReject {
  readonly kind: 'deferIfReject'
  readonly defer: Defer
}
/**
 * Keep this refusal and say it at RCPT behind what the later taps answer: a permit does not take it away, another refusal
 * goes before it. Answered at rcpt it is for that recipient, at mail for the transaction, earlier for the session.
 */
export interface RefuseLater {
  readonly kind: 'refuseLater'
  readonly refuse: Refuse | Defer
}
export type SessionEdit = SetClient | DeferIfPermit | DeferIfReject | RefuseLater

export type AnyEdit = HeaderEdit | EnvelopeEdit | BodyEdit | SessionEdit

/** An answer that carries edits, and a verdict if there is one too. */
export interface Edits<E extends AnyEdit = AnyEdit, V = never> {
  readonly kind: 'edits'
  readonly edits: readonly E[]
  readonly verdict?: V
}

/** Answers edits, and a verdict beside them where one is given. */
export function edits<const E extends AnyEdit>(list: readonly E[]): Edits<E>
export function edits<const E extends AnyEdit, V extends { kind: string }>(list: readonly E[], verdict: V): Edits<E, V>
export function edits<E extends AnyEdit, V>(list: readonly E[], verdict?: V): Edits<E, V> {
  return { kind: 'edits', edits: list, verdict }
}

export const header = {
  insert: (name: string, value: string, at: InsertHeader['at'] = 'top'): InsertHeader => ({
    kind: 'header.insert',
    name,
    value,
    at,
  }),
  replace: (name: string, value: string, index = 0): ReplaceHeader => ({ kind: 'header.replace', name, value, index }),
  remove: (name: string, index?: number): RemoveHeader => ({ kind: 'header.remove', name, index }),
}

export const envelope = {
  setSender: (address: string): SetSender => ({ kind: 'sender.set', address }),
  addRecipient: (address: string): AddRecipient => ({ kind: 'recipient.add', address, bcc: false }),
  bcc: (address: string): AddRecipient => ({ kind: 'recipient.add', address, bcc: true }),
  replaceRecipient: (from: string, to: string): ReplaceRecipient => ({ kind: 'recipient.replace', from, to }),
  removeRecipient: (address: string): RemoveRecipient => ({ kind: 'recipient.remove', address }),
  routeAll: (transport: string, nexthop?: string): RouteAll => ({ kind: 'route.all', transport, nexthop }),
  /** Throws when the value does not check against the token's schema. */
  mark: <T extends Json>(token: MarkToken<T>, value: T): SetMark => ({
    kind: 'mark.set',
    mark: token.id,
    value: token.schema.parse(value),
  }),
}

export const body = {
  replace: (content: string | Uint8Array): ReplaceBody => ({ kind: 'body.replace', content }),
}

export const session = {
  client: (client: SetClient['client']): SetClient => ({ kind: 'client.set', client }),
  deferIfPermit: (esc: TemporaryCode, text: string, priv?: Private): DeferIfPermit => ({
    kind: 'deferIfPermit',
    defer: defer(esc, text, priv),
  }),
  deferIfReject: (esc: TemporaryCode, text: string, priv?: Private): DeferIfReject => ({
    kind: 'deferIfReject',
    defer: defer(esc, text, priv),
  }),
  refuseLater: (refuse: Refuse | Defer): RefuseLater => ({ kind: 'refuseLater', refuse }),
}
