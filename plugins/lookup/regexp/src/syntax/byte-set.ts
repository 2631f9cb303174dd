/** A set of byte values: what a bracket expression or a class matches. Patterns and keys are bytes, as in Postfix. */
export class ByteSet {
  readonly #has = new Uint8Array(256)

  static of(...ranges: readonly (readonly [number, number])[]): ByteSet {
    const set = new ByteSet()
    for (const [from, to] of ranges) set.addRange(from, to)
    return set
  }
  static all(): ByteSet {
    return ByteSet.of([0, 255])
  }

  has(byte: number): boolean {
    return this.#has[byte] === 1
  }
  addRange(from: number, to: number): this {
    this.#has.fill(1, from, to + 1)
    return this
  }
  add(other: ByteSet): this {
    for (let i = 0; i < 256; i++) if (other.has(i)) this.#has[i] = 1
    return this
  }
  delete(byte: number): this {
    this.#has[byte] = 0
    return this
  }
  /** Adds the other case of each ASCII letter: the C locale knows no other letters. */
  fold(): this {
    for (let i = 0x41; i <= 0x5a; i++) {
      if (this.has(i)) this.#has[i + 32] = 1
      else if (this.has(i + 32)) this.#has[i] = 1
    }
    return this
  }
  negate(): this {
    for (let i = 0; i < 256; i++) this.#has[i] = this.has(i) ? 0 : 1
    return this
  }
  ranges(): [number, number][] {
    const ranges: [number, number][] = []
    for (let i = 0; i < 256; i++) {
      if (!this.has(i)) continue
      const from = i
      while (i < 255 && this.has(i + 1)) i++
      ranges.push([from, i])
    }
    return ranges
  }
}

const range = (text: string): [number, number] => [text.charCodeAt(0), text.charCodeAt(text.length - 1)]
const UPPER = range('AZ')
const LOWER = range('az')
const DIGIT = range('09')

/** The classes of POSIX in the C locale, and PCRE's `word` and `ascii`. */
const CLASSES: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  alpha: [UPPER, LOWER],
  digit: [DIGIT],
  alnum: [UPPER, LOWER, DIGIT],
  upper: [UPPER],
  lower: [LOWER],
  blank: [range('\t'), range(' ')],
  space: [range('\t\r'), range(' ')],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  print: [[32, 126]],
  graph: [[33, 126]],
  punct: [range('!/'), range(':@'), range('[`'), range('{~')],
  xdigit: [DIGIT, range('AF'), range('af')],
  word: [UPPER, LOWER, DIGIT, range('_')],
  ascii: [[0, 127]],
}

/** A new set for `[:name:]`, or undefined. With `fold`, `upper` and `lower` are both cases. */
export function classNamed(name: string, fold = false): ByteSet | undefined {
  const ranges = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined
  if (!ranges) return undefined
  const set = ByteSet.of(...ranges)
  return fold ? set.fold() : set
}
