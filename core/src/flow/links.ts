/** Doubly linked lists of rows, in typed arrays: append, take out and join cost the same however long they are. */
import { Column } from './column.ts'

export const NONE = -1

export class Links {
  readonly #head: Int32Array
  readonly #tail: Int32Array
  readonly #count: Int32Array
  readonly #next = new Column()
  readonly #previous = new Column()
  readonly #list = new Column()

  constructor(lists: number) {
    this.#head = new Int32Array(lists).fill(NONE)
    this.#tail = new Int32Array(lists).fill(NONE)
    this.#count = new Int32Array(lists)
  }
  /** Room for a row, which stands nowhere yet. */
  grow(row: number): void {
    this.#next.grow(row)
    this.#previous.grow(row)
    this.#list.grow(row)
    this.#list.set(row, NONE)
  }
  first(list: number): number {
    return this.#head[list]!
  }
  next(row: number): number {
    return this.#next.get(row)
  }
  /** the list a row stands in */
  list(row: number): number {
    return this.#list.get(row)
  }
  count(list: number): number {
    return this.#count[list]!
  }
  append(row: number, list: number): void {
    const last = this.#tail[list]!
    this.#previous.set(row, last)
    this.#next.set(row, NONE)
    this.#list.set(row, list)
    if (last === NONE) this.#head[list] = row
    else this.#next.set(last, row)
    this.#tail[list] = row
    this.#count[list]!++
  }
  remove(row: number): void {
    const list = this.#list.get(row)
    if (list === NONE) return
    const [previous, next] = [this.#previous.get(row), this.#next.get(row)]
    if (previous === NONE) this.#head[list] = next
    else this.#next.set(previous, next)
    if (next === NONE) this.#tail[list] = previous
    else this.#previous.set(next, previous)
    this.#list.set(row, NONE)
    this.#count[list]!--
  }
  /** All rows of `from` behind those of `to`, in order. */
  splice(from: number, to: number): void {
    const [head, tail] = [this.#head[from]!, this.#tail[from]!]
    if (head === NONE) return
    for (let row = head; row !== NONE; row = this.#next.get(row)) this.#list.set(row, to)
    const last = this.#tail[to]!
    if (last === NONE) this.#head[to] = head
    else {
      this.#next.set(last, head)
      this.#previous.set(head, last)
    }
    this.#tail[to] = tail
    this.#count[to]! += this.#count[from]!
    this.#head[from] = this.#tail[from] = NONE
    this.#count[from] = 0
  }
}
