/** Tables that ask others. What their parts answer at once they answer at once. */
import { absent, failed, found } from '@postern/core'
import type { Call, Lookup, OpenTable, Table } from '@postern/core'

/** Each answer is the next one's key; the last one's is the answer. */
export class Pipe implements OpenTable {
  readonly #parts: readonly Table[]

  constructor(parts: readonly Table[]) {
    this.#parts = parts
  }
  /** The first part alone gets keys from outside: its word counts, as in Postfix. */
  get pattern(): boolean {
    return this.#parts[0]!.pattern
  }
  get(key: string, call: Call): Lookup | Promise<Lookup> {
    return this.#from(0, key, call)
  }
  #from(first: number, start: string, call: Call): Lookup | Promise<Lookup> {
    let key = start
    for (let i = first; i < this.#parts.length; i++) {
      // an empty answer that is a key: no table is asked for the empty key
      if (key === '') return absent()
      if (call.aborted) return gone()
      const answer = this.#parts[i]!.get(key, call)
      if (answer instanceof Promise) return answer.then((a) => (a.kind === 'found' ? this.#next(i + 1, a, call) : a))
      if (answer.kind !== 'found') return answer
      key = answer.value
    }
    return found(key)
  }
  #next(i: number, answer: Lookup & { kind: 'found' }, call: Call): Lookup | Promise<Lookup> {
    return i === this.#parts.length ? answer : this.#from(i, answer.value, call)
  }
}

/** All parts get the key, one after the other; what they find is joined by commas. One that fails fails the whole. */
export class Union implements OpenTable {
  readonly #parts: readonly Table[]

  constructor(parts: readonly Table[]) {
    this.#parts = parts
  }
  /** The first part's word counts, as in Postfix. */
  get pattern(): boolean {
    return this.#parts[0]!.pattern
  }
  get(key: string, call: Call): Lookup | Promise<Lookup> {
    return key === '' ? absent() : this.#from(0, '', key, call)
  }
  #from(first: number, before: string, key: string, call: Call): Lookup | Promise<Lookup> {
    let text = before
    for (let i = first; i < this.#parts.length; i++) {
      if (call.aborted) return gone()
      const answer = this.#parts[i]!.get(key, call)
      if (answer instanceof Promise)
        return answer.then((a) => (a.kind === 'failed' ? a : this.#from(i + 1, joined(text, a), key, call)))
      if (answer.kind === 'failed') return answer
      text = joined(text, answer)
    }
    return text === '' ? absent() : found(text)
  }
}
/** An empty value gets a comma behind another one and none before the next: so Postfix joins them. */
const joined = (text: string, answer: Lookup): string =>
  answer.kind !== 'found' ? text : text === '' ? answer.value : `${text},${answer.value}`

/** One of some values, another at each request. */
export class Random implements OpenTable {
  // asked for a whole address only, as Postfix has it: to look further would find no more
  readonly pattern = true
  readonly #answers: readonly Lookup[]

  constructor(values: readonly string[]) {
    this.#answers = values.map(found)
  }
  get(key: string): Lookup {
    return key === '' ? absent() : this.#answers[Math.floor(Math.random() * this.#answers.length)]!
  }
}

/** The table itself, under another name. */
export class Same implements OpenTable {
  readonly #part: Table

  constructor(part: Table) {
    this.#part = part
  }
  get pattern(): boolean {
    return this.#part.pattern
  }
  get(key: string, call: Call): Lookup | Promise<Lookup> {
    return this.#part.get(key, call)
  }
}

/** Fails each request. */
export class Fail implements OpenTable {
  readonly pattern = true
  readonly #answer: Lookup

  constructor(reason: string) {
    this.#answer = failed(reason)
  }
  get(key: string): Lookup {
    return key === '' ? absent() : this.#answer
  }
}
const gone = () => failed('the request was given up')
