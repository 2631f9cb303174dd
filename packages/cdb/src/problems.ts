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
  /** As postmap(1) words them. */
  lines(path: string): string[] {
    const lines = this.first.map(
      ({ line, what, kept }) => `${path}, line ${line}: ${what}${kept ? '' : ' -- ignoring this line'}`,
    )
    return this.more > 0 ? [...lines, `${path}: and ${this.more} more`] : lines
  }
}
