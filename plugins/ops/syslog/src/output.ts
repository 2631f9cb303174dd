/** Where lines go. A fault costs lines (counted and told), never the process and never a wait. */

export interface Output {
  /** a whole line with its line end; never throws */
  write(line: string): void
  flush(): void
  /** resolves when what was written has been taken, or waited for long enough */
  close(): Promise<void> | void
}
/** lines gathered before they are written: characters, and ms */
export const GATHERED = 16_384
export const FLUSH_AFTER = 100
/** characters kept while nobody takes them */
export const KEPT = 1_048_576

/** Told once a fault, and again when it is over: how many lines it has cost. */
export class Losses {
  readonly #tell: (error: Error) => void
  #faulty = false
  #lost = 0

  constructor(tell: (error: Error) => void) {
    this.#tell = tell
  }
  get faulty(): boolean {
    return this.#faulty
  }
  line(): void {
    this.#lost++
  }
  fault(error: Error): void {
    if (this.#faulty) return
    this.#faulty = true
    this.#tell(error)
  }
  recovered(): void {
    this.#faulty = false
    if (this.#lost === 0) return
    const lost = this.#lost
    this.#lost = 0
    this.#tell(new Error(`${lost} log lines were lost while the log could not be written`))
  }
}
