/** Command lines as getopt(3) reads them for Postfix's programs: options end at the first word that is none. */
import type { Say } from './program.ts'

export interface Option {
  readonly letter: string
  /** '' where the option takes none */
  readonly value: string
}
export interface Parsed {
  readonly options: readonly Option[]
  readonly words: readonly string[]
  /** an option that is not known, or without its value: said already */
  readonly bad: boolean
}

/** `letters` as getopt's: `c:fp`, a letter with `:` behind it takes a value. What is wrong goes to `say`; nothing is read behind it. */
export function getopt(argv: readonly string[], letters: string, say: Say): Parsed {
  const options: Option[] = []
  let at = 0
  for (; at < argv.length; at++) {
    const word = argv[at]!
    if (word[0] !== '-' || word === '-') break
    if (word === '--') {
      at++
      break
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word[i]!
      const known = letter === ':' ? -1 : letters.indexOf(letter)
      if (known < 0) {
        say(`invalid option -- '${letter}'`)
        return { options, words: [], bad: true }
      }
      if (letters[known + 1] !== ':') {
        options.push({ letter, value: '' })
        continue
      }
      const value = i + 1 < word.length ? word.slice(i + 1) : argv[++at]
      if (value === undefined) {
        say(`option requires an argument -- '${letter}'`)
        return { options, words: [], bad: true }
      }
      options.push({ letter, value })
      break
    }
  }
  return { options, words: argv.slice(at), bad: false }
}
/** The last value that an option was given. */
export const valueOf = ({ options }: Parsed, letter: string): string | undefined =>
  options.findLast((o) => o.letter === letter)?.value
export const has = ({ options }: Parsed, letter: string): boolean => options.some((o) => o.letter === letter)
