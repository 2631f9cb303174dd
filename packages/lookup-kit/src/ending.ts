/**
 * The end of one lookup: told once, with the reason, to those who wait for something. An AbortSignal says the same at ten
 * times the cost, and a query has to wait at several places; one is made for those who need it.
 */
export class Ending {
  #reason: Error | undefined
  #listeners: ((reason: Error) => void)[] = []
  #controller: AbortController | undefined

  get aborted(): boolean {
    return this.#reason !== undefined
  }
  get reason(): Error | undefined {
    return this.#reason
  }
  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = (this.#controller = new AbortController())
      this.listen((reason) => controller.abort(reason))
    }
    return this.#controller.signal
  }
  abort(reason: Error): void {
    if (this.#reason) return
    this.#reason = reason
    const listeners = this.#listeners
    this.#listeners = []
    for (const fn of listeners) fn(reason)
  }
  /** Calls `fn` when it ends, at once when it has. Returns what takes the listener away again. */
  listen(fn: (reason: Error) => void): () => void {
    if (this.#reason) fn(this.#reason)
    else this.#listeners.push(fn)
    return () => {
      const at = this.#listeners.lastIndexOf(fn)
      if (at >= 0) this.#listeners.splice(at, 1)
    }
  }
  throwIfAborted(): void {
    if (this.#reason) throw this.#reason
  }
}
