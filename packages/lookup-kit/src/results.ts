/** Gathers what a query found: several values are one, parted by commas. */
import { absent, failed, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { expand } from './template.ts'

export class Results {
  readonly #key: string
  readonly #format: string
  readonly #limit: number
  readonly #values: string[] = []
  #over = false

  /** `limit`: values above which the lookup fails; 0: none */
  constructor(key: string, format: string, limit: number) {
    this.#key = key
    this.#format = format
    this.#limit = limit
  }
  /** Empty ones count for nothing. `false`: there are too many, ask for no more. */
  add(value: string): boolean {
    const text = expand(this.#format, { value, key: this.#key })
    if (text === undefined) return true
    this.#over ||= this.#limit > 0 && this.#values.length === this.#limit
    if (!this.#over) this.#values.push(text)
    return !this.#over
  }
  get answer(): Lookup {
    if (this.#over) return failed(`more than ${this.#limit} results (expansion_limit)`)
    return this.#values.length === 0 ? absent() : found(this.#values.join(','))
  }
}
