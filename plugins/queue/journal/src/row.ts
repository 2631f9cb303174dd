/** One message in memory: where its COMMIT stands, and its state. Applied the same way live and in recovery. */
import type { AdminAction, Envelope, RecipientSeed, RecipientState, StoredRecipient } from '@postern/core'
import type { SpooledBody } from './body.ts'
import type { Segment } from './segment.ts'

/** What became of a recipient so far. Shared between messages: a dead destination says the same to all. */
export interface Settled {
  readonly state: RecipientState
  readonly esc?: string
  readonly text?: string
}
export interface Held {
  readonly by: string
  readonly reason: string
  readonly at: number
}
export interface Row {
  readonly id: string
  readonly created: number
  /** recipients, expanded ones included */
  count: number
  pending: number
  attempts: number
  nextTry: number
  /** bytes of header and body */
  readonly size: number
  held: Held | undefined
  /** an operator ended its lifetime; requeue takes that back */
  expired: boolean
  /** name in `body/`, for bodies of their own */
  readonly file: string | undefined
  /** recipients' states by number; absent while all are pending without an outcome */
  settled: (Settled | undefined)[] | undefined
  /** what expansion appended, by number minus `seeds` */
  children: { readonly parent: number; readonly seed: RecipientSeed }[] | undefined
  /** recipients in the COMMIT */
  readonly seeds: number
  home: Segment | undefined
  offset: number
  /** of the COMMIT's frame, header included */
  length: number
  /** what need not be read again for the first attempt */
  fresh: Fresh | undefined
}
/** A message as it was given to commit. */
export interface Fresh {
  readonly envelope: Envelope
  readonly recipients: readonly RecipientSeed[]
  readonly header: Uint8Array
  readonly body: SpooledBody
  readonly bytes: number
}
export const newRow = (id: string, created: number, size: number, seeds: number, file: string | undefined): Row => ({
  id,
  created,
  count: seeds,
  pending: seeds,
  attempts: 0,
  nextTry: 0,
  size,
  held: undefined,
  expired: false,
  file,
  settled: undefined,
  children: undefined,
  seeds,
  home: undefined,
  offset: 0,
  length: 0,
  fresh: undefined,
})
export interface OutcomeData {
  /** number, state (d, f, t: delivered, failed, deferred), code, text */
  readonly o: readonly (readonly [n: number, state: 'd' | 'f' | 't', esc: string, text: string])[]
  /** next try */
  readonly t?: number
}
export interface AttemptData {
  /** attempts so far, this one included: replaying the record changes nothing */
  readonly a: number
  readonly r: readonly number[]
}
export interface ExpandData {
  readonly p: number
  /** number of the first child: tells a replayed record from a second one */
  readonly f: number
  readonly c: readonly RecipientSeed[]
}
export interface AdminData {
  readonly action: AdminAction
  readonly who: string
  readonly why: string
  readonly at: number
}

const STATES = { d: 'delivered', f: 'failed', t: 'pending' } as const
const DICTIONARY_LIMIT = 10_000
let dictionary = new Map<string, Settled>()
function settledOf(state: RecipientState, esc: string, text: string): Settled {
  const key = `${state} ${esc} ${text}`
  let known = dictionary.get(key)
  if (!known) {
    if (dictionary.size >= DICTIONARY_LIMIT) dictionary = new Map()
    dictionary.set(key, (known = { state, esc, text }))
  }
  return known
}
const EXPANDED: Settled = { state: 'expanded' }

const open = (row: Row, n: number) => n >= 0 && n < row.count && (row.settled?.[n]?.state ?? 'pending') === 'pending'
function settle(row: Row, n: number, settled: Settled): void {
  if (settled.state !== 'pending') row.pending--
  ;(row.settled ??= [])[n] = settled
}

export const isDone = (row: Row): boolean => row.pending === 0

/** A recipient leaves `pending` once; what is told about it later changes nothing. */
export function applyOutcome(row: Row, data: OutcomeData): void {
  for (const [n, state, esc, text] of data.o) if (open(row, n)) settle(row, n, settledOf(STATES[state], esc, text))
  if (data.t !== undefined) row.nextTry = data.t
}
export function applyAttempt(row: Row, data: AttemptData): void {
  row.attempts = Math.max(row.attempts, data.a)
}
export function applyExpand(row: Row, data: ExpandData): void {
  // not the next numbers: replayed, or what came before it is lost; either way the parent keeps its state
  if (data.f !== row.count || !open(row, data.p)) return
  for (const seed of data.c) (row.children ??= []).push({ parent: data.p, seed })
  row.count += data.c.length
  row.pending += data.c.length
  settle(row, data.p, EXPANDED)
}
export function applyAdmin(row: Row, data: AdminData): void {
  if (data.action === 'hold') {
    row.held = { by: data.who, reason: data.why, at: data.at }
    return
  }
  if (data.action === 'delete') row.pending = 0
  if (data.action === 'release') row.held = undefined
  if (data.action === 'expire') row.expired = true
  if (data.action === 'requeue') row.expired = false
  row.nextTry = 0
}

/** All recipients with their states; `seeds` are those of the COMMIT. */
export function recipientsOf(row: Row, seeds: readonly RecipientSeed[]): StoredRecipient[] {
  const all: StoredRecipient[] = []
  for (let n = 0; n < row.count; n++) {
    const child = n < row.seeds ? undefined : row.children![n - row.seeds]!
    const seed = child ? child.seed : seeds[n]!
    const settled = row.settled?.[n]
    all.push({ ...seed, n, ...(child && { parent: child.parent }), state: 'pending', ...settled })
  }
  return all
}
