/** Slots and marks of made-up views. */
import type { Json, MarkToken, Marks, SlotToken, Slots } from '@postern/core'

export class FakeSlots implements Slots {
  readonly #values = new Map<string, unknown>()
  readonly #session: FakeSlots | undefined

  constructor(session?: FakeSlots) {
    this.#session = session
  }
  get<T>(token: SlotToken<T>): T | undefined {
    return this.#home(token.scope).#values.get(token.id) as T | undefined
  }
  set<T>(token: SlotToken<T>, value: T): void {
    this.#home(token.scope).#values.set(token.id, value)
  }
  #home(scope: 'session' | 'transaction'): FakeSlots {
    return scope === 'session' && this.#session ? this.#session : this
  }
}

/** Values by the mark's id. */
export const fakeMarks = (values: Readonly<Record<string, Json>> = {}): Marks => ({
  get: <T extends Json>(token: MarkToken<T>) =>
    values[token.id] === undefined ? undefined : token.schema.parse(values[token.id]),
})
