/** The command line, as postmap(1) and postalias(1) of Postfix 3.7 read it. */
import { Fatal } from './fatal.ts'

export type Command = 'postmap' | 'postalias'
export type Mode = 'create' | 'update' | 'query' | 'delete' | 'list'
export interface Flags {
  readonly command: Command
  readonly mode: Mode
  /** of -q or -d; `-`: the lines of standard input */
  readonly key: string
  /** -b, -h, -m: keys are lines of a message */
  readonly body: boolean
  readonly header: boolean
  readonly mime: boolean
  /** -U: no keys that are not UTF-8, with -b and -h too */
  readonly utf8Only: boolean
  /** -F: values stand for the content of files */
  readonly files: boolean
  /** -f: keys are not folded to lower case */
  readonly unfolded: boolean
  /** -r: the later of two equal keys counts */
  readonly replace: boolean
  /** -w: nothing is said of equal keys */
  readonly silent: boolean
  /** -o: root stays root */
  readonly keepRoot: boolean
  /** -p: new files do not take over the permissions of the text */
  readonly ownMode: boolean
  /** how many times -v */
  readonly verbose: number
  readonly config: string | undefined
  readonly tables: readonly string[]
}

const LETTERS: Readonly<Record<Command, string>> = { postmap: 'bfFhimnNoprsuUvw', postalias: 'Nfinoprsuvw' }
const WITH_VALUE = 'cdq'
const usage = (command: Command): Fatal =>
  new Fatal(`usage: ${command} [-${LETTERS[command]}] [-c config_dir] [-d key] [-q key] [map_type:]file...`)

/** Throws Fatal for what Postfix refuses; what it only remarks on goes to `say`. */
export function parseFlags(command: Command, argv: readonly string[], say: (text: string) => void): Flags {
  const given = new Map<string, number>()
  const values: Record<string, string> = {}
  let at = 0
  for (; at < argv.length; at++) {
    const word = argv[at]!
    // options end at the first word that is none
    if (word[0] !== '-' || word === '-') break
    if (word === '--') {
      at++
      break
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word[i]!
      if (LETTERS[command].includes(letter)) {
        if (letter === 's' && taken(values)) throw new Fatal('specify only one of -s or -q or -d')
        given.set(letter, (given.get(letter) ?? 0) + 1)
        continue
      }
      const value = i + 1 < word.length ? word.slice(i + 1) : argv[++at]
      if (!WITH_VALUE.includes(letter) || value === undefined) {
        say(
          WITH_VALUE.includes(letter) ? `option requires an argument -- '${letter}'` : `invalid option -- '${letter}'`,
        )
        throw usage(command)
      }
      if (letter !== 'c' && (given.has('s') || taken(values))) throw new Fatal('specify only one of -s -q or -d')
      values[letter] = value
      break
    }
  }
  return checked(command, given, values, argv.slice(at), say)
}
const taken = (values: Readonly<Record<string, string>>): boolean => values.q !== undefined || values.d !== undefined

function checked(
  command: Command,
  given: ReadonlyMap<string, number>,
  values: Readonly<Record<string, string>>,
  tables: readonly string[],
  say: (text: string) => void,
): Flags {
  const has = (letter: string) => given.has(letter)
  if ((has('b') || has('h') || has('m')) && values.q !== '-') throw new Fatal('specify -b -h or -m only with "-q -"')
  if (has('m') && !has('b') && !has('h')) say('warning: ignoring -m option without -b or -h')
  if (tables.length === 0) throw usage(command)
  const { q, d, c } = values
  return {
    command,
    mode: q !== undefined ? 'query' : d !== undefined ? 'delete' : has('s') ? 'list' : has('i') ? 'update' : 'create',
    key: q ?? d ?? '',
    body: has('b'),
    header: has('h'),
    mime: has('m'),
    utf8Only: has('U'),
    files: has('F'),
    unfolded: has('f'),
    replace: has('r'),
    silent: has('w'),
    keepRoot: has('o'),
    ownMode: has('p'),
    verbose: given.get('v') ?? 0,
    config: c,
    tables,
  }
}
