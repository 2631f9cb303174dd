/** Random tables and keys, given again by a seed. */
import { random } from '@postern/testkit'

export class Generator {
  readonly #next: () => number
  readonly #notation: 'regexp' | 'pcre'
  #groups = 0

  constructor(notation: 'regexp' | 'pcre', seed: number) {
    this.#notation = notation
    this.#next = random(seed)
  }

  #int(below: number): number {
    return Math.floor(this.#next() * below)
  }
  #chance(p: number): boolean {
    return this.#next() < p
  }
  #pick<T>(of: readonly T[]): T {
    return of[this.#int(of.length)]!
  }

  key(): string {
    const word = () => Array.from({ length: 1 + this.#int(4) }, () => this.#pick([...'aabbABc19.@-_ ü']))
    return this.#pick([
      () => `${word().join('')}x`,
      () => `${this.#pick(['ab', 'owner-list', 'a.b', 'B1'])}@${this.#pick(['b.a', 'example.com', 'A-B'])}`,
      () => `Subject: ${word().join('')}${this.#pick(['make money', 'fast', 'ab ab'])}`,
    ])()
  }
  table(): string {
    const lines: string[] = []
    let depth = 0
    for (let n = 3 + this.#int(8); n > 0; n--) {
      if (depth < 3 && this.#chance(0.15)) {
        lines.push(`${this.#pick(['if', 'IF', 'if'])} ${this.#condition()}`)
        depth++
      } else if (depth > 0 && this.#chance(0.3)) {
        lines.push(this.#pick(['endif', 'ENDIF', 'endif']))
        depth--
      } else lines.push(this.#rule(n))
      if (this.#chance(0.05)) lines.push(this.#pick(['# comment', '', '   ', '  # x', 'endif', 'foo bar', 'if /a']))
    }
    while (depth-- > (this.#chance(0.05) ? 1 : 0)) lines.push('endif')
    return lines.join('\n') + '\n'
  }
  #rule(n: number): string {
    const condition = this.#condition()
    const groups = this.#groups
    const second = this.#notation === 'regexp' && this.#chance(0.1) ? `!${this.#condition(false)}` : ''
    const value = this.#chance(0.5)
      ? `v${n}`
      : `v${n} [$1] \${${1 + this.#int(Math.max(groups, 1))}}x$$ $(${Math.max(groups, 1)})`
    return `${condition}${second}${this.#pick([' ', '\t', '   '])}${value}${this.#chance(0.05) ? '\n  and more' : ''}`
  }
  #condition(negatable = true): string {
    this.#groups = 0
    const delimiter = this.#pick(['/', '/', '/', '~'])
    const text = this.#alternatives(3).replaceAll(delimiter, `\\${delimiter}`)
    const known = this.#notation === 'regexp' ? 'imx' : 'imsxAEUX'
    const flags = this.#chance(0.3)
      ? this.#pick([...known]) + (this.#chance(0.3) ? this.#pick([...known, 'q']) : '')
      : ''
    return `${negatable && this.#chance(0.1) ? '!' : ''}${delimiter}${text}${delimiter}${flags}`
  }
  #alternatives(depth: number): string {
    const n = this.#chance(0.2) ? 2 : 1
    return Array.from({ length: n }, () => this.#sequence(depth)).join('|')
  }
  #sequence(depth: number): string {
    // in a group that is repeated glibc sometimes misses what an anchor allows: /1*(^\\.*){1,3}[^a@]/ and ".bx"
    const anchored = depth === 3 || this.#notation === 'pcre'
    const start = anchored && this.#chance(0.15) ? '^' : ''
    const end = anchored && this.#chance(0.12) ? '$' : ''
    const n = this.#chance(0.03) ? 0 : 1 + this.#int(3)
    return start + Array.from({ length: n }, () => this.#piece(depth)).join('') + end
  }
  #piece(depth: number): string {
    const atom = this.#atom(depth)
    // `.*` and then `+` is possessive in PCRE, which RE2 cannot do; so is `.* +` under the flag x
    if (!this.#chance(0.3) || /^[. ]/.test(atom)) return atom
    const times = this.#pick(
      ['*', '+', '?', '{2}', '{1,}', '{1,3}', '{0,2}', '{1,}', '{,2}', '*', '+', '?'].concat(
        this.#chance(0.03) ? ['{2,1}', '{'] : [],
      ),
    )
    const more = this.#notation === 'pcre' && !times.includes('{') && this.#chance(0.2) ? '?' : ''
    return atom + times + more
  }
  #atom(depth: number): string {
    if (depth > 0 && this.#chance(0.2)) {
      const pcre = this.#notation === 'pcre'
      if (pcre && this.#chance(0.3)) {
        const open = this.#pick(['(?:', '(?i:', '(?-i:', '(?s-m:', '(?i)(?:', '(?#c)(?:', '(?x: ', '(?^:', '(?U:'])
        return `${open}${this.#alternatives(depth - 1)})`
      }
      this.#groups++
      return `(${pcre && this.#chance(0.1) ? '?<n' + 'abcdefgh'[this.#int(8)] + '>' : ''}${this.#alternatives(depth - 1)})`
    }
    if (this.#chance(0.15)) return this.#bracket()
    if (this.#chance(0.1)) return this.#pick(['.', '.*', '.+', '.?'])
    if (this.#chance(0.12)) {
      const both = ['\\w', '\\W', '\\s', '\\S', '\\b', '\\B', '\\.', '\\-', '\\@', '\\*', '\\$']
      return this.#pick(
        this.#notation === 'regexp'
          ? [...both, '\\d', '\\n', '\\(', '\\)', '\\{1\\}', '\\|', '\\+']
          : [
              ...both,
              '\\d',
              '\\D',
              '\\h',
              '\\x41',
              '\\x{62}',
              '\\A',
              '\\Z',
              '\\z',
              '\\101',
              '\\N',
              '\\Qa.b\\E',
              '\\H',
              '\\v',
            ],
      )
    }
    return this.#pick([
      'a',
      'b',
      'A',
      'ab',
      '1',
      '@',
      '\\.',
      ' ',
      'x',
      'example',
      'money',
      'Subject:',
      'ü',
      'list',
      '-',
      'c',
    ])
  }
  #bracket(): string {
    const member = () =>
      this.#pick([
        'a',
        'b',
        'A-C',
        'a-c',
        '0-9',
        '.',
        '@',
        '[:alpha:]',
        '[:digit:]',
        '[:space:]',
        '[:upper:]',
        '_',
        '\\',
        'ü',
        '-',
      ])
    const pcre = () => this.#pick(['\\d', '\\w', '\\]', '\\x61', '[:^digit:]', '[:word:]', '\\s', 'a'])
    const n = 1 + this.#int(3)
    const body = Array.from({ length: n }, () =>
      this.#notation === 'pcre' && this.#chance(0.3) ? pcre() : member(),
    ).join('')
    return `[${this.#chance(0.2) ? '^' : ''}${this.#chance(0.05) ? ']' : ''}${body}]`
  }
}
