/** Reads a pattern byte by byte; its characters are U+0000 to U+00FF. */
export class Scanner {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }
  get done(): boolean {
    return this.at >= this.text.length
  }
  /** the character here, or `ahead` further; empty behind the end */
  peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? ''
  }
  next(): string {
    return this.text[this.at++] ?? ''
  }
  /** Is `word` next? Then it is taken. */
  take(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false
    this.at += word.length
    return true
  }
  /** Takes what a sticky expression matches here. */
  match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at
    const found = sticky.exec(this.text)
    if (found) this.at += found[0].length
    return found ?? undefined
  }
  /** The text up to `end`, which is taken too; undefined when it does not come. */
  until(end: string): string | undefined {
    const stop = this.text.indexOf(end, this.at)
    if (stop < 0) return undefined
    const text = this.text.slice(this.at, stop)
    this.at = stop + end.length
    return text
  }
}
