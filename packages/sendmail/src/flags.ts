/** The command line, as Postfix's sendmail(1) reads it. */
import { Fatal } from './fatal.ts'
import type { DropEnvelope } from './format.ts'

export type Mode = 'enqueue' | 'mailq' | 'flush' | 'daemon' | 'newaliases' | 'user' | 'ignore'
export interface Flags {
  mode: Mode
  /** recipients from the header (-t) */
  fromHeader: boolean
  /** a line with a dot alone ends the message (not with -i) */
  dotEnds: boolean
  /** -f or -r as it stands */
  sender?: string
  fullName?: string
  body?: DropEnvelope['body']
  notify?: DropEnvelope['notify']
  ret?: DropEnvelope['ret']
  envid?: string
  gateway: boolean
  /** -v once: a report of the delivery */
  report: boolean
  verify: boolean
  verp: boolean
  /** -qRsite, -qIid */
  flushSite?: string
  flushId?: string
  /** -q30m: what a daemon of Sendmail's would do */
  interval: boolean
  /** -C: a configuration file or its folder */
  config?: string
  aliases?: string
  /** what is not an option */
  args: readonly string[]
  readonly warn: (text: string) => void
}

const WITH_VALUE = new Set('ABCFLNORVXbefhoprq')
const WITHOUT = new Set('GIUcimntvx')

/** Throws Fatal for what Postfix refuses; what it only warns of goes to `warn`. */
export function parseFlags(name: string, argv: readonly string[], warn: (text: string) => void): Flags {
  const flags: Flags = {
    mode: name === 'mailq' ? 'mailq' : name === 'newaliases' ? 'newaliases' : 'enqueue',
    fromHeader: false,
    dotEnds: true,
    gateway: false,
    report: false,
    verify: false,
    verp: false,
    interval: false,
    args: [],
    warn,
  }
  // Postfix reads the options twice, and says twice what is none
  for (const { bad } of optionsOf(argv, () => undefined)) if (bad !== undefined) warn(bad)
  let verbose = 0
  for (const { letter, value, bad } of optionsOf(argv, (rest) => (flags.args = rest))) {
    if (bad !== undefined) {
      warn(bad)
      throw new Fatal(`usage: ${name} [options]`)
    }
    if (letter === 'v') verbose++
    else if (value === undefined) simple(flags, letter)
    else withValue(flags, letter, value)
  }
  checkTogether(flags, verbose)
  return flags
}

interface Option {
  readonly letter: string
  readonly value?: string
  /** what getopt(3) says of it */
  readonly bad?: string
}
/** As getopt(3): options end at the first word that is none, `sendmail you -f me` has three recipients. `rest` gets the others. */
function* optionsOf(argv: readonly string[], rest: (words: readonly string[]) => void): Generator<Option> {
  let i = 0
  for (; i < argv.length; i++) {
    const word = argv[i]!
    if (word[0] !== '-' || word === '-') break
    if (word === '--') return rest(argv.slice(i + 1))
    // these two may stand without their value
    if (word === '-q' || word === '-XV') {
      yield { letter: word[1]!, value: word.slice(2) }
      continue
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!
      if (WITHOUT.has(letter)) {
        yield { letter }
        continue
      }
      if (!WITH_VALUE.has(letter)) {
        yield { letter, bad: `invalid option -- '${letter}'` }
        continue
      }
      const value = at + 1 < word.length ? word.slice(at + 1) : argv[++i]
      yield value === undefined ? { letter, bad: `option requires an argument -- '${letter}'` } : { letter, value }
      break
    }
  }
  rest(argv.slice(i))
}

function simple(flags: Flags, letter: string): void {
  if (letter === 'n') throw new Fatal('-n option not supported')
  if (letter === 'G') flags.gateway = true
  else if (letter === 'I') flags.mode = 'newaliases'
  else if (letter === 'i') flags.dotEnds = false
  else if (letter === 't') flags.fromHeader = true
  // -U -c -m -x: Sendmail's, without a meaning here
}

function withValue(flags: Flags, letter: string, value: string): void {
  switch (letter) {
    case 'B':
      if (value !== '8BITMIME' && value !== '7BIT') throw new Fatal('-B option needs 8BITMIME or 7BIT')
      flags.body = value
      return
    case 'C':
      flags.config = value
      return
    case 'F':
      flags.fullName = value
      return
    case 'N':
      flags.notify = notifyWords(value)
      if (flags.notify) return
      sayUnknown(value, flags.warn)
      flags.warn('warning: bad -N option value -- ignored')
      return
    case 'R':
      flags.ret = /^hdrs$/i.test(value) ? 'HDRS' : /^full$/i.test(value) ? 'FULL' : undefined
      if (!flags.ret) flags.warn('warning: bad -R option value -- ignored')
      return
    case 'V':
      if (value.length > 100) flags.warn('warning: too long -V option value -- ignored')
      else if (!/^[\x20-\x7e]+$/.test(value)) flags.warn('warning: bad syntax in -V option value -- ignored')
      else flags.envid = value
      return
    case 'X':
      if (value[0] !== 'V') throw new Fatal(`unsupported: -X${value[0] ?? ''}`)
      if (value !== 'V' && !/^V[-+=]{2}$/.test(value)) throw new Fatal('-V requires two characters from -=+')
      flags.verp = true
      return
    case 'b':
      return modeOf(flags, value)
    case 'f':
    case 'r':
      flags.sender = value
      return
    case 'o':
      if (value === 'A') throw new Fatal('-oA requires pathname')
      if (value[0] === 'A') flags.aliases = value.slice(1)
      else if (value[0] === 'i') flags.dotEnds = false
      return
    case 'q':
      return queueOf(flags, value)
    default:
    // -A -L -O -e -h -p: Sendmail's, without a meaning here
  }
}

function modeOf(flags: Flags, value: string): void {
  const modes: Record<string, Mode> = { d: 'daemon', l: 'daemon', h: 'ignore', H: 'ignore' }
  Object.assign(modes, { i: 'newaliases', m: 'enqueue', p: 'mailq', s: 'user' })
  if (value[0] === 'v') flags.verify = true
  else {
    const mode = modes[value[0] ?? '']
    if (!mode) throw new Fatal(`unsupported: -b${value[0] ?? ''}`)
    flags.mode = mode
  }
}
function queueOf(flags: Flags, value: string): void {
  if (value === '') {
    flags.mode = 'flush'
    return
  }
  const rest = value.slice(1)
  if (/^\d/.test(value)) flags.interval = true
  else if (value[0] === 'R' || value[0] === 'I') {
    const site = value[0] === 'R'
    if (rest === '') throw new Fatal(site ? 'specify: -qRsitename' : 'specify: -qIqueueid')
    flags[site ? 'flushSite' : 'flushId'] = rest
  } else throw new Fatal(`-q${value[0] ?? ''} is not implemented`)
}

function checkTogether(flags: Flags, verbose: number): void {
  if (flags.mode !== 'enqueue') {
    if (flags.fromHeader) throw new Fatal('-t can be used only in delivery mode')
    if (flags.flushSite !== undefined) throw new Fatal('-qR can be used only in delivery mode')
    if (flags.flushId !== undefined) throw new Fatal('-qI can be used only in delivery mode')
  }
  if (flags.verify) {
    const other = flags.fromHeader ? 't' : flags.notify ? 'N' : flags.ret ? 'R' : verbose === 1 ? 'v' : undefined
    if (other) throw new Fatal(`-${other} option cannot be used with -bv`)
  }
  flags.report = verbose === 1 && flags.mode === 'enqueue'
  if (flags.args.length === 0) return
  const without: Partial<Record<Mode, string>> = {
    mailq: 'display queue mode',
    flush: 'flush queue mode',
    daemon: 'daemon mode',
    newaliases: 'alias initialization mode',
    user: 'stand-alone mode',
  }
  const mode =
    without[flags.mode] ??
    (flags.flushSite !== undefined ? 'flush site' : flags.flushId !== undefined ? 'flush queue_id' : undefined)
  if (mode && !flags.interval) throw new Fatal(`${mode} requires no recipient`)
}

/** The first word that NOTIFY does not have, as Postfix's list of names tells it. */
function sayUnknown(value: string, warn: Flags['warn']): void {
  const unknown = value.split(/[\s,]+/).find((word) => word !== '' && !notifyWords(word))
  if (unknown !== undefined) warn(`warning: unknown DSN NOTIFY command value "${unknown}" in "${value}"`)
}
/** RFC 3461 section 4.1; `undefined` when it is not a list of these words; NEVER stands alone. */
export function notifyWords(text: string): DropEnvelope['notify'] | undefined {
  const words = text
    .toUpperCase()
    .split(/[\s,]+/)
    .filter(Boolean)
  const known = words.filter((w) => w === 'NEVER' || w === 'SUCCESS' || w === 'FAILURE' || w === 'DELAY')
  if (known.length === 0 || known.length !== words.length) return undefined
  return known.includes('NEVER') && known.length > 1 ? undefined : [...new Set(known)]
}
