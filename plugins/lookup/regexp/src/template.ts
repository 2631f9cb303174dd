/** The result of a rule: text with `$1`, `${1}`, `$(1)`; `$$` is a dollar. */
export class BadTemplate extends Error {}

export class Template {
  /** texts and numbers of groups */
  readonly #parts: readonly (string | number)[]
  /** the highest group that is named; 0 when none is */
  readonly groups: number

  /** Throws `BadTemplate` for what mac_parse() of Postfix refuses, and for what names no group. */
  constructor(text: string) {
    const parts: (string | number)[] = []
    for (const [whole, plain, braced, parened, bare] of text.matchAll(
      /([^$]+|\$\$)|\$(?:\{((?:[^{}]|\{[^{}]*\})*)\}|\(((?:[^()]|\([^()]*\))*)\)|([{(]|\w*))/g,
    )) {
      if (plain !== undefined) {
        parts.push(whole === '$$' ? '$' : plain)
        continue
      }
      if (bare === '{' || bare === '(') throw new BadTemplate(`truncated macro reference: "${text}"`)
      const name = braced ?? parened ?? bare!
      if (name === '') throw new BadTemplate(`empty macro name: "${text}"`)
      if (!/^\d+$/.test(name)) throw new BadTemplate(`non-numeric replacement index "${name}"`)
      if (Number(name) === 0) throw new BadTemplate(`out of range replacement index "${name}"`)
      parts.push(Number(name))
    }
    this.#parts = parts
    this.groups = Math.max(0, ...parts.filter((p) => typeof p === 'number'))
  }
  /** A group that took no part is empty. */
  expand(groups: readonly (string | undefined)[]): string {
    return this.#parts.map((p) => (typeof p === 'string' ? p : (groups[p - 1] ?? ''))).join('')
  }
}
