/** What a command line of postconf asks for. What contradicts itself is refused in Postfix's words. */
import { Fatal } from '@postern/sendmail/queue'
import { getopt, valueOf } from '../getopt.ts'
import type { Say } from '../program.ts'

export type Edit = 'e' | 'X' | '#'
export interface Request {
  /** a: SASL types of the server, A: of the client, b and t: texts of reports, l: locks, m: tables, M: services, F: their fields, P: their parameters, T: TLS, p: main.cf */
  readonly mode: 'a' | 'A' | 'b' | 'F' | 'l' | 'm' | 'M' | 'p' | 'P' | 't' | 'T'
  readonly edit?: Edit
  readonly defaults: boolean
  /** what main.cf says, alone */
  readonly written: boolean
  readonly folded: boolean
  readonly expanded: boolean
  readonly hideNames: boolean
  readonly hideValues: boolean
  /** -C; none: all */
  readonly classes: ReadonlySet<ParameterClass>
  readonly overrides: readonly string[]
  readonly config: string | undefined
  readonly topic: string
  readonly words: readonly string[]
}
export type ParameterClass = 'builtin' | 'service' | 'user'
const CLASSES: Readonly<Record<string, readonly ParameterClass[]>> = {
  builtin: ['builtin'],
  service: ['service'],
  user: ['user'],
  all: ['builtin', 'service', 'user'],
}

const USAGE =
  'usage: postconf [-a (server SASL types)] [-A (client SASL types)] [-b (bounce templates)] [-c config_dir]' +
  ' [-c param_class] [-d (parameter defaults)] [-e (edit configuration)] [-f (fold lines)] [-F (master.cf fields)]' +
  ' [-h (no names)] [-H (no values)] [-l (lock types)] [-m (map types)] [-M (master.cf)] [-n (non-default parameters)]' +
  ' [-o name=value (override parameter value)] [-p (main.cf, default)] [-P (master.cf parameters)]' +
  ' [-t (bounce templates)] [-T compile-version|run-version|public-key-algorithms] [-v (verbose)]' +
  ' [-x (expand parameter values)] [-X (exclude)] [-# (comment-out)] [name...]'

/** in the order in which they are named */
const MODES = 'aAbFlmMpPtT'
const FLAGS = 'defhHnoxX#'
/** what goes with a mode; the others with none */
const WITH: Readonly<Record<string, string>> = { p: FLAGS, M: 'efoxX#', F: 'efhHox', P: 'efhHoxX' }
/** one of each */
const ALONE = ['denX#', 'hH', 'efhHoxX#'] as const
const EDITS = 'eX#'

/** Throws Fatal. */
export function requestOf(argv: readonly string[], say: Say): Request {
  const parsed = getopt(argv, 'aAbc:C:deEfFhHlmMno:pPtT:vxX#', say)
  if (parsed.bad) throw new Fatal(USAGE)
  const given = new Set(parsed.options.map((o) => o.letter))
  // a value is an edit, whether -e is said or not
  const isPlain = ![...given].some((letter) => MODES.replace(/[pMFP]/g, '').includes(letter))
  if (isPlain && parsed.words.some((word) => word.includes('='))) given.add('e')
  const modes = [...MODES].filter((letter) => given.has(letter))
  if (given.has('b') && given.has('t')) throw new Fatal('specify one of -b and -t')
  if (modes.length > 1) throw new Fatal(`specify one of ${dashed(modes)}`)
  const mode = (modes[0] ?? 'p') as Request['mode']
  const flags = [...FLAGS].filter((letter) => given.has(letter))
  const wrong = flags.filter((letter) => !(WITH[mode] ?? '').includes(letter))
  if (wrong.length > 0) throw new Fatal(`with option -${mode}, do not specify ${dashed(wrong)}`)
  for (const group of ALONE) {
    const both = flags.filter((letter) => group.includes(letter))
    const isEditing = both.some((letter) => EDITS.includes(letter))
    if (both.length > 1 && (group !== ALONE[2] || isEditing)) throw new Fatal(`specify one of ${dashed(both)}`)
  }
  const edit = flags.find((letter): letter is Edit => EDITS.includes(letter))
  if (edit === 'e' && parsed.words.length === 0) throw new Fatal('-e requires name=value argument')
  if (edit !== undefined && parsed.words.length === 0) throw new Fatal('missing service argument')
  return {
    mode,
    edit,
    defaults: given.has('d'),
    written: given.has('n'),
    folded: given.has('f'),
    expanded: given.has('x'),
    hideNames: given.has('h'),
    hideValues: given.has('H'),
    classes: classesOf(valueOf(parsed, 'C')),
    overrides: parsed.options.filter((o) => o.letter === 'o').map((o) => o.value),
    config: valueOf(parsed, 'c'),
    topic: valueOf(parsed, 'T') ?? '',
    words: parsed.words,
  }
}
const dashed = (letters: readonly string[]): string => letters.map((letter) => `-${letter}`).join(' ')

function classesOf(text = 'all'): ReadonlySet<ParameterClass> {
  const words = text.split(/[\s,|]+/).filter(Boolean)
  const classes = words.flatMap((word) => {
    const found = Object.hasOwn(CLASSES, word.toLowerCase()) ? CLASSES[word.toLowerCase()] : undefined
    if (!found) throw new Fatal(`unknown -C option value "${word}" in "${text}"`)
    return found
  })
  return new Set(classes)
}
