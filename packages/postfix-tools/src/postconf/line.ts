/** How postconf prints: one blank between words, or lines folded at column 80 (-f). */
import { BLANKS } from './words.ts'

const LIMIT = 80
const INDENT = '    '

export class Line {
  #text = ''
  /** of the last line */
  #length = 0
  readonly #isFolded: boolean
  constructor(isFolded: boolean) {
    this.#isFolded = isFolded
  }
  get length(): number {
    return this.#length
  }
  add(text: string): void {
    this.#text += text
    this.#length += text.length
  }
  /** Whatever comes next begins a line of its own, where lines are folded. */
  full(): void {
    this.#length = LIMIT
  }
  /** A blank, or a line's end, before a word of this length; none where so little is there yet. */
  gap(length: number, least: number): void {
    if (this.#length <= least) return
    if (!this.#isFolded || this.#length + length < LIMIT) this.add(' ')
    else {
      this.#text += `\n${INDENT}`
      this.#length = INDENT.length
    }
  }
  end(): string {
    return `${this.#text}\n`
  }
}
export const INDENTED = INDENT.length

/** Any text as one logical line. */
export function lineOf(text: string, isFolded: boolean): string {
  const line = new Line(isFolded)
  for (const word of text.split(BLANKS).filter(Boolean)) {
    line.gap(word.length, 0)
    line.add(word)
  }
  return line.end()
}
