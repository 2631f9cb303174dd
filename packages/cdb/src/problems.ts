import type { LineProblem, Tell } from './text/entry.ts'

/** Problems of lines that are told one by one; the rest is a number. */
const MOST = 20

export class Problems {
  readonly first: LineProblem[] = []
  more = 0

  readonly tell: Tell = (problem) => {
    if (this.first.length < MOST) this.first.push(problem)
    else this.more++
  }
  /** As postmap(1) and postalias(1) word them. */
  lines(path: string): string[] {
    const lines = this.first.map(
      ({ line, what }) => `${path}, line ${line}: ${what}${ENDING.test(what) ? IGNORED : ''}`,
    )
    return this.more > 0 ? [...lines, `${path}: and ${this.more} more`] : lines
  }
}
/** They say of these only that they leave out the line. */
const ENDING = /^(unbalanced|non-UTF-8)/
const IGNORED = ' -- ignoring this line'
