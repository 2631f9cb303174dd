/** Slots and marks: typed facts about a session or transaction, and JSON facts in the envelope. */
import type { Json, MarkToken, SlotToken } from '../contract/tokens.ts'
import type { DraftView, MailView, Marks, SessionView, Slots } from '../contract/views.ts'

export class SlotStore implements Slots {
  readonly #values = new Map<string, unknown>()
  readonly #below: SlotStore | undefined
  readonly scope: 'session' | 'transaction'
  /** `below`: a transaction sees its session's slots. */
  constructor(scope: 'session' | 'transaction', below?: SlotStore) {
    this.scope = scope
    this.#below = below
  }
  get<T>(token: SlotToken<T>): T | undefined {
    return token.scope === this.scope ? (this.#values.get(token.id) as T | undefined) : this.#below?.get(token)
  }
  set(token: SlotToken<unknown>, value: unknown): void {
    if (token.scope === this.scope) this.#values.set(token.id, value)
    else if (this.#below) this.#below.set(token, value)
    else throw new TypeError(`the slot ${token.id} belongs to a transaction; there is none yet`)
  }
  /** Lets go of what the values hold. */
  clear(): void {
    for (const v of this.#values.values()) dispose(v)
    this.#values.clear()
  }
}
function dispose(v: unknown): void {
  const d = v as { [Symbol.dispose]?: () => void; [Symbol.asyncDispose]?: () => Promise<void> } | undefined
  if (typeof Symbol.dispose === 'symbol' && typeof d?.[Symbol.dispose] === 'function') d[Symbol.dispose]!()
  else if (typeof Symbol.asyncDispose === 'symbol' && typeof d?.[Symbol.asyncDispose] === 'function')
    d[Symbol.asyncDispose]!().catch(() => undefined)
}
export function writeSlot(view: SessionView | MailView | DraftView, token: SlotToken<unknown>, value: unknown): void {
  const slots = view.slots
  if (!(slots instanceof SlotStore)) throw new TypeError('slots can be written only to the view a tap was given')
  slots.set(token, value)
}

export class MarkStore implements Marks {
  #values: Record<string, Json>
  readonly #tokens: ReadonlyMap<string, MarkToken<never>> | undefined
  /** `tokens`: those that plugins declared; what is set is checked against them */
  constructor(values: Record<string, Json> = {}, tokens?: ReadonlyMap<string, MarkToken<never>>) {
    this.#values = values
    this.#tokens = tokens
  }
  get<T extends Json>(token: MarkToken<T>): T | undefined {
    const v = this.#values[token.id]
    if (v === undefined) return undefined
    // written by an older version, or by hand: what does not check is not there
    const parsed = token.schema.safeParse(v)
    return parsed.success ? parsed.data : undefined
  }
  /** Throws for what is not JSON (it would not be there after a restart) and for what its schema does not take. */
  set(id: string, value: Json): void {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw new TypeError(`the value of the mark ${id} is not JSON`)
    const plain = JSON.parse(text) as Json
    this.#tokens?.get(id)?.schema.parse(plain)
    this.#values[id] = plain
  }
  snapshot(): () => void {
    const values = { ...this.#values }
    return () => void (this.#values = values)
  }
  all(): Record<string, Json> {
    return this.#values
  }
}
