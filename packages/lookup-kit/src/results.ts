/** Gathers what a query found: several values are one, parted by commas. */
import { absent, failed, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { expand } from './template.ts'

/** Characters above which a lookup fails: a query without a condition must not fill the memory. */
const MOST = 16 * 1024 * 1024

export class Results {
  readonly #key: string
  readonly #format: string
  readonly #limit: number
  readonly #values: string[] = []
  #over: string | undefined
  #length = 0

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
    if (this.#over !== undefined) return false
    this.#length += text.length + 1
    if (this.#limit > 0 && this.#values.length === this.#limit)
      this.#over = `more than ${this.#limit} results (expansion_limit)`
    else if (this.#length > MOST) this.#over = `more than ${MOST} characters of results`
    else this.#values.push(text)
    return this.#over === undefined
  }
  get answer(): Lookup {
    if (this.#over !== undefined) return failed(this.#over)
    return this.#values.length === 0 ? absent() : found(this.#values.join(','))
  }
}
