/** Who waits until when: one timer for all, on the queue's clock. */
import type { Clock, Timer } from '../contract/clock.ts'
import { WaitHeap } from './heap.ts'

export class Schedule {
  readonly #clock: Clock
  readonly #wake: () => void
  readonly #heap = new WaitHeap()
  /** when each message is due; entries of the heap that were overtaken differ from it */
  readonly #due = new Map<string, number>()
  #timer: Timer | undefined
  #timerAt = Infinity
  #pausedUntil = 0
  #open = false

  /** `wake` is called when something may be due. */
  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock
    this.#wake = wake
  }
  get size(): number {
    return this.#due.size
  }
  has(id: string): boolean {
    return this.#due.has(id)
  }
  ids(): string[] {
    return [...this.#due.keys()]
  }
  /** A later word about the same message overtakes an earlier one. */
  wait(id: string, at: number): void {
    this.#due.set(id, at)
    this.#heap.push({ at, id })
    this.arm()
  }
  forget(id: string): void {
    this.#due.delete(id)
  }
  get isDue(): boolean {
    const first = this.#first()
    return first !== undefined && first.at <= this.#clock.now()
  }
  /** Takes the next message that is due; none while paused or closed. */
  next(): string | undefined {
    if (!this.#open || this.#pausedUntil > this.#clock.now() || !this.isDue) return undefined
    const { id } = this.#heap.pop()!
    this.#due.delete(id)
    return id
  }
  /** Nothing is given out for `ms`. */
  pause(ms: number): void {
    this.#pausedUntil = this.#clock.now() + ms
  }
  open(): void {
    this.#open = true
  }
  close(): void {
    this.#open = false
    this.#timer?.cancel()
    this.#timerAt = Infinity
  }
  /** Sets the timer for the next one, if it is not set for an earlier one. */
  arm(): void {
    const first = this.#open ? this.#first() : undefined
    if (!first || first.at >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = first.at
    const wait = Math.max(0, Math.max(first.at, this.#pausedUntil) - this.#clock.now())
    this.#timer = this.#clock.after(wait, () => {
      this.#timerAt = Infinity
      this.#wake()
    })
  }
  #first() {
    let first = this.#heap.peek()
    for (; first && this.#due.get(first.id) !== first.at; first = this.#heap.peek()) this.#heap.pop()
    return first
  }
}
