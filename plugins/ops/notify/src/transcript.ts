/** One session's dialogue, within bounds: the beginning and the end are kept. */
import type { Reply } from '@postern/core'

/** what is kept of the beginning: greeting, EHLO, MAIL */
const HEAD = 8
/** of one command */
const LINE = 512
/** of one session */
const SESSION = 16_384
/** of all sessions together: a flood of them must not fill the memory */
const ALL = 16 * 1024 * 1024

interface Exchange {
  /** what the client said; absent: nobody asked, or it is more of the answer to the same */
  readonly line?: string
  readonly reply: Reply
  readonly bytes: number
}
/** Bytes that all transcripts hold. */
export interface Budget {
  used: number
}

export class Transcript {
  readonly #budget: Budget
  readonly #max: number
  readonly #exchanges: Exchange[] = []
  #bytes = 0
  #left = 0

  constructor(budget: Budget, max: number) {
    this.#budget = budget
    this.#max = max
  }
  add(line: string | undefined, reply: Reply): void {
    const said = line?.slice(0, LINE)
    const bytes = (said?.length ?? 0) + lengthOf(reply) + 64
    this.#exchanges.push({ line: said, reply, bytes })
    this.#count(bytes)
    while (this.#exchanges.length > HEAD + 1 && this.#over()) this.#drop()
  }
  /** ` In:  command`, ` Out: reply`, not yet wrapped */
  lines(): string[] {
    const all = this.#exchanges.map(({ line, reply }) => [
      ...(line === undefined ? [] : [`In:  ${line}`]),
      ...repliesOf(reply).map((r) => `Out: ${r}`),
    ])
    if (this.#left > 0) all.splice(HEAD, 0, [`(${this.#left} replies are left out)`])
    return all.flat()
  }
  dispose(): void {
    this.#count(-this.#bytes)
  }

  #over(): boolean {
    return this.#exchanges.length > this.#max || this.#bytes > SESSION || this.#budget.used > ALL
  }
  #drop(): void {
    const [dropped] = this.#exchanges.splice(HEAD, 1)
    this.#left++
    this.#count(-dropped!.bytes)
  }
  #count(bytes: number): void {
    this.#bytes += bytes
    this.#budget.used += bytes
  }
}

const lengthOf = ({ text }: Reply): number =>
  typeof text === 'string' ? text.length : text.reduce((sum, line) => sum + line.length, 0)

/** `250-first`, `250 last` */
function repliesOf({ code, esc, text }: Reply): string[] {
  const lines = typeof text === 'string' ? [text] : text
  return lines.map((line, i) => `${code}${i < lines.length - 1 ? '-' : ' '}${esc ? `${esc} ` : ''}${line}`)
}
