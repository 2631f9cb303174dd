/** From a line to its command. The order of the checks is Postfix's. */
import type { Connection } from '../connection.ts'
import { notePipelining } from '../pipelining.ts'
import * as replies from '../replies.ts'
import { isBlank } from '../space.ts'
import { after } from '../transaction.ts'
import type { Pending } from '../transaction.ts'
import { auth } from './auth.ts'
import { bdat } from './bdat.ts'
import { data } from './data.ts'
import { ehlo, helo, lhlo } from './helo.ts'
import { mail } from './mail.ts'
import { noop } from './noop.ts'
import { quit } from './quit.ts'
import { rcpt } from './rcpt.ts'
import { rset } from './rset.ts'
import { starttls } from './starttls.ts'
import { vrfy } from './vrfy.ts'

/** `argument` is what follows the verb and a space. */
export type Command = (c: Connection, argument: string) => Pending
interface Entry {
  readonly run: Command
  /** counts against smtpd_junk_command_limit */
  readonly junk?: boolean
  /** allowed where TLS is required and not yet there */
  readonly beforeTls?: boolean
}

const COMMON: [string, Entry][] = [
  ['MAIL', { run: mail }],
  ['RCPT', { run: rcpt }],
  ['DATA', { run: data }],
  ['BDAT', { run: bdat }],
  ['RSET', { run: rset, junk: true }],
  ['NOOP', { run: noop, junk: true, beforeTls: true }],
  ['VRFY', { run: vrfy, junk: true }],
  ['AUTH', { run: auth }],
  ['STARTTLS', { run: starttls, beforeTls: true }],
  ['QUIT', { run: quit, beforeTls: true }],
]
const COMMANDS = {
  smtp: new Map<string, Entry>([
    ...COMMON,
    ['HELO', { run: helo, junk: true, beforeTls: true }],
    ['EHLO', { run: ehlo, junk: true, beforeTls: true }],
  ]),
  lmtp: new Map<string, Entry>([...COMMON, ['LHLO', { run: lhlo, junk: true, beforeTls: true }]]),
}

export function dispatch(c: Connection, line: string | undefined, bareLf: boolean): Pending {
  const { settings } = c
  if (bareLf && settings.bareNewline === 'reject' && !c.bareNewlineAllowed)
    return c.refuse('command', settings.replies.bareLfCommand)
  if (line === undefined) return c.refuse('command', replies.BAD_UTF8)
  const space = line.indexOf(' ')
  let verb = space < 0 ? line : line.slice(0, space)
  let argument = space < 0 ? '' : line.slice(space + 1)
  let entry = COMMANDS[settings.protocol].get(verb.toUpperCase())
  if (!entry) {
    // white space in front or a tab behind: seen, and taken by Postfix
    const parts = /^[ \t-\r]*([^ \t-\r:<["]+:|[^ \t-\r]+)[ \t-\r]*(.*)$/s.exec(line)
    if (!parts) return c.refuse('command', replies.BAD_SYNTAX)
    verb = parts[1]!
    argument = parts[2]!
    entry = COMMANDS[settings.protocol].get(verb.toUpperCase())
  }
  verb = verb.toUpperCase()
  if (settings.noop.size > 0 && settings.noop.has(verb)) entry = { run: noop, junk: true, beforeTls: true }
  c.begin(verb, entry !== undefined || settings.registered.has(verb), entry?.junk)
  notePipelining(c, verb)
  if (!entry) return unknown(c, verb, argument)
  if (c.denied && verb !== 'QUIT') return c.refuse('command', replies.accessDenied(c.peer))
  if (settings.tlsRequired && !c.secure && !entry.beforeTls) return c.refuse('command', replies.TLS_REQUIRED)
  return entry.run(c, argument)
}

/** A verb the protocol does not know: another protocol's, a registered one, or nobody's. */
function unknown(c: Connection, verb: string, argument: string): Pending {
  // "Subject:" and its like: somebody sends a message where commands are due
  if (verb.endsWith(':')) return c.refuse('command', replies.BREAK_RULES)
  if (c.denied) return c.refuse('command', replies.accessDenied(c.peer))
  if (!/^[A-Z][A-Z0-9]*$/.test(verb)) return unrecognized(c, verb, argument)
  if (c.settings.tlsRequired && !c.secure && verb !== 'XCLIENT') {
    // what nobody registered has nothing to hide behind TLS; Postfix knows ETRN and XFORWARD in any case
    const known = verb === 'ETRN' || verb === 'XFORWARD' || c.settings.registered.has(verb)
    return known ? c.refuse('command', replies.TLS_REQUIRED) : unrecognized(c, verb, argument)
  }
  return after(c.dialogue.command(verb, argument), (reply) =>
    reply ? c.reply(reply) : unrecognized(c, verb, argument),
  )
}
function unrecognized(c: Connection, verb: string, argument: string): undefined {
  if (c.settings.forbidden(verb)) return c.refuse('command', replies.BREAK_RULES)
  if (verb !== 'XCLIENT' && verb !== 'XFORWARD') return c.refuse('command', replies.UNKNOWN_COMMAND)
  if (c.transaction) return c.refuse('command', replies.IN_TRANSACTION)
  return c.refuse('command', isBlank(argument) ? replies.syntaxOfAttributes(verb) : replies.NOT_AUTHORIZED)
}
