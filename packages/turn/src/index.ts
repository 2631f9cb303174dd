/**
 * Work of one turn of the event loop, kind by kind. A server with many connections that reads, thinks and writes for one socket after the other
 * has the code of each of the three pushed out of the processor's caches by the other two, and wakes the other side's process once for each
 * write. Here the sockets that are ready are read first, then all that came is handled, then all that is to be said is written.
 *
 * Nothing waits for more to come: the work is done before the loop looks for events again.
 */

/** Must not be left half done when it throws: it is not called again. */
export type Work = () => void

export class Turn {
  #reading: Work[] = []
  #writing: Work[] = []
  #due = false

  /** Handles what has come. */
  read(work: Work): void {
    this.#reading.push(work)
    this.#soon()
  }
  /** Writes; behind all that is read in this turn, and what was promised meanwhile. */
  write(work: Work): void {
    this.#writing.push(work)
    this.#soon()
  }

  #soon(): void {
    if (this.#due) return
    this.#due = true
    // two of them: promises that reading resolves run in between, and what they have to say goes along
    setImmediate(this.#read)
    setImmediate(this.#write)
  }
  readonly #read = (): void => {
    const all = this.#reading
    this.#reading = []
    this.#each(all, (rest) => this.#reading.unshift(...rest))
  }
  readonly #write = (): void => {
    this.#due = false
    const all = this.#writing
    this.#writing = []
    this.#each(all, (rest) => this.#writing.unshift(...rest))
    // from here on in the next turn
    if (this.#reading.length > 0 || this.#writing.length > 0) this.#soon()
  }
  /** One that throws ends the process or not, as its owner wants it; the work of others is not lost with it. */
  #each(all: readonly Work[], again: (rest: readonly Work[]) => void): void {
    let done = 0
    try {
      for (const work of all) {
        done++
        work()
      }
    } finally {
      if (done < all.length) {
        again(all.slice(done))
        this.#due = false
        this.#soon()
      }
    }
  }
}

/** Of this process: listeners and clients work in the same turns. */
export const turn = new Turn()
