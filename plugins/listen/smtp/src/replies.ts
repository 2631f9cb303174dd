/** Every text this protocol says by itself, in one table: Postfix 3.7's words. What policy says comes from the core. */
import type { Reply } from '@postern/core'

/** A reply with the bytes it has on the wire. */
export interface WireReply extends Reply {
  readonly wire: string
}

const CONTROL = /[\x00-\x1f\x7f]/ // eslint-disable-line no-control-regex
const CONTROLS = /[\x00-\x1f\x7f]/g // eslint-disable-line no-control-regex

/** The lines of a reply as they go out. A control character in a text would be another line: it becomes `?`. */
export function wireOf(reply: Reply): string {
  const { code, esc, text } = reply
  const prefix = esc ? `${esc} ` : ''
  if (typeof text === 'string') return `${code} ${prefix}${clean(text)}\r\n`
  const last = text.length - 1
  if (last < 0) return `${code} ${prefix}\r\n`
  return text.map((line, i) => `${code}${i < last ? '-' : ' '}${prefix}${clean(line)}\r\n`).join('')
}
const clean = (text: string): string => (CONTROL.test(text) ? text.replace(CONTROLS, '?') : text)

export function say(
  code: number,
  esc: string | undefined,
  text: string | readonly string[],
  close?: boolean,
): WireReply {
  const reply = { code, esc, text, close }
  return { ...reply, wire: wireOf(reply) }
}
export const isWired = (reply: Reply): reply is WireReply => 'wire' in reply

export const OK = say(250, '2.0.0', 'Ok')
export const MAIL_OK = say(250, '2.1.0', 'Ok')
export const RCPT_OK = say(250, '2.1.5', 'Ok')
export const START_DATA = say(354, undefined, 'End data with <CR><LF>.<CR><LF>')
export const BYE = say(221, '2.0.0', 'Bye', true)
export const START_TLS = say(220, '2.0.0', 'Ready to start TLS')

export const BREAK_RULES = say(221, '2.7.0', 'Error: I can break rules, too. Goodbye.', true)
export const BAD_SYNTAX = say(500, '5.5.2', 'Error: bad syntax')
export const BAD_UTF8 = say(500, '5.5.2', 'Error: bad UTF-8 syntax')
export const UNKNOWN_COMMAND = say(500, '5.5.2', 'Error: command not recognized')
export const NOT_IMPLEMENTED = say(502, '5.5.1', 'Error: command not implemented')
export const NO_AUTHENTICATION = say(503, '5.5.1', 'Error: authentication not enabled')
export const IN_TRANSACTION = say(503, '5.5.1', 'Error: MAIL transaction in progress')
export const NOT_AUTHORIZED = say(550, '5.7.0', 'Error: insufficient authorization')
export const TLS_REQUIRED = say(530, '5.7.0', 'Must issue a STARTTLS command first')
export const TLS_ACTIVE = say(554, '5.5.1', 'Error: TLS already active')
export const LOCAL_ERROR = say(421, '4.3.0', 'Server local error', true)
export const PORTS_BUSY = say(421, '4.3.2', 'All server ports are busy', true)

export const SYNTAX_HELO = say(501, undefined, 'Syntax: HELO hostname')
export const SYNTAX_EHLO = say(501, undefined, 'Syntax: EHLO hostname')
export const SYNTAX_LHLO = say(501, undefined, 'Syntax: LHLO hostname')
export const SYNTAX_MAIL = say(501, '5.5.4', 'Syntax: MAIL FROM:<address>')
export const SYNTAX_RCPT = say(501, '5.5.4', 'Syntax: RCPT TO:<address>')
export const SYNTAX_DATA = say(501, '5.5.4', 'Syntax: DATA')
export const SYNTAX_BDAT = say(521, '5.5.4', 'Syntax: BDAT count [LAST]')
export const SYNTAX_RSET = say(501, '5.5.4', 'Syntax: RSET')
export const SYNTAX_STARTTLS = say(501, '5.5.4', 'Syntax: STARTTLS')
export const SYNTAX_VRFY = say(501, '5.5.4', 'Syntax: VRFY address [SMTPUTF8]')

export const HELO_FIRST = say(503, '5.5.1', 'Error: send HELO/EHLO first')
export const NESTED_MAIL = say(503, '5.5.1', 'Error: nested MAIL command')
export const NEED_MAIL = say(503, '5.5.1', 'Error: need MAIL command')
export const NEED_RCPT = say(503, '5.5.1', 'Error: need RCPT command')
export const NO_RECIPIENTS = say(554, '5.5.1', 'Error: no valid recipients')
export const MAIL_AFTER_BDAT = say(503, '5.5.1', 'Error: MAIL after BDAT')
export const RCPT_AFTER_BDAT = say(503, '5.5.1', 'Error: RCPT after BDAT')
export const DATA_AFTER_BDAT = say(503, '5.5.1', 'Error: DATA after BDAT')

export const BAD_SENDER = say(501, '5.1.7', 'Bad sender address syntax')
export const BAD_RECIPIENT = say(501, '5.1.3', 'Bad recipient address syntax')
export const BAD_SIZE = say(501, '5.5.4', 'Bad message size syntax')
export const BAD_RET = say(501, '5.5.4', 'Bad RET parameter syntax')
export const BAD_ENVID = say(501, '5.5.4', 'Bad ENVID parameter syntax')
export const BAD_NOTIFY = say(501, '5.5.4', 'Error: Bad NOTIFY parameter syntax')
export const BAD_ORCPT = say(501, '5.5.4', 'Error: Bad ORCPT parameter syntax')
export const DSN_DISABLED = say(501, '5.7.1', 'DSN support is disabled')
export const SIZE_ABSURD = say(552, '5.3.4', 'Message size exceeds file system imposed limit')
export const SIZE_EXCEEDED = say(552, '5.3.4', 'Message size exceeds fixed limit')
export const TOO_BIG = say(552, '5.3.4', 'Error: message file too big')
export const CHUNK_TOO_BIG = say(552, '5.3.4', 'Chunk exceeds message size limit')
export const NULL_BDAT = say(551, '5.7.1', 'Null BDAT request')
export const BDAT_DISABLED = say(521, '5.5.1', 'Error: command not implemented')
export const WRITE_ERROR = say(451, '4.3.0', 'Error: queue file write error')
export const VRFY_DISABLED = say(502, '5.5.1', 'VRFY command is disabled')

export const syntaxOfAttributes = (verb: string) => say(501, '5.5.4', `Syntax: ${verb} attribute=value...`)
export const unsupported = (option: string) => say(555, '5.5.4', `Unsupported option: ${option}`)
export const accessDenied = (client: string) => say(503, '5.7.0', `Error: access denied for ${client}`)
export const chunkTaken = (bytes: number) => say(250, '2.0.0', `Ok: ${bytes} bytes`)
export const chunkDropped = (bytes: number) => say(551, '5.0.0', `Discarded ${bytes} bytes after earlier error`)
export const canVerify = (argument: string) => say(252, '2.0.0', argument)
export const tooMuchMail = (address: string) => say(450, '4.7.1', `Error: too much mail from ${address}`)
export const tooManyRecipients = (address: string) => say(450, '4.7.1', `Error: too many recipients from ${address}`)

/** The replies that carry this host's name. */
export interface HostReplies {
  readonly helo: WireReply
  readonly timeout: WireReply
  readonly tooManyErrors: WireReply
  readonly bareLf: WireReply
  readonly bareLfCommand: WireReply
  readonly shuttingDown: WireReply
  tooManyConnections(address: string): WireReply
  tooFast(address: string): WireReply
}
export function hostReplies(host: string, bareLfCode: number): HostReplies {
  return {
    helo: say(250, undefined, host),
    timeout: say(421, '4.4.2', `${host} Error: timeout exceeded`, true),
    tooManyErrors: say(421, '4.7.0', `${host} Error: too many errors`, true),
    bareLf: say(bareLfCode, '5.5.2', `${host} Error: bare <LF> received`),
    bareLfCommand: say(bareLfCode, '5.5.2', `${host} Error: bare <LF> received`, true),
    shuttingDown: say(421, '4.3.2', `${host} Error: service is shutting down`, true),
    tooManyConnections: (address) => say(421, '4.7.0', `${host} Error: too many connections from ${address}`, true),
    tooFast: (address) => say(421, '4.7.0', `${host} Error: too many connections from ${address}`, true),
  }
}
