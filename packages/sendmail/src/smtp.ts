/**
 * -bs: a session of SMTP on standard input and output, as Postfix's stand-alone smtpd has it: no access control (the user is
 * known by the files' owner), and what is accepted goes to the drop folder.
 */
import { writeSync } from 'node:fs'
import { DropWriter } from './drop.ts'
import { mayHere } from './enqueue.ts'
import { EX } from './fatal.ts'
import { MessageLines, readChunk } from './input.ts'
import type { SiteFacts } from './place.ts'
import { mailCommand, rcptCommand } from './smtp-parameters.ts'
import type { Mail } from './smtp-parameters.ts'
import { RECIPIENTS_LIMIT } from './format.ts'
import type { DropRecipient } from './format.ts'
import { currentUser } from './user.ts'

/** bytes of a command that count */
const LINE_LIMIT = 2048
const UNKNOWN = '502 5.5.2 Error: command not recognized'

/** Runs until QUIT or the end of the input. */
export async function standAlone(spool: string): Promise<number> {
  const facts = mayHere(currentUser(), spool)
  const session = new Session(spool, facts)
  reply(`220 ${facts.myhostname} ESMTP ${facts.mailName}`)
  const input = new Lines()
  for (let line = input.next(); line !== undefined && !session.over; line = session.over ? undefined : input.next())
    reply(await session.command(line.slice(0, LINE_LIMIT), input))
  return EX.OK
}

class Session {
  over = false
  readonly #spool: string
  readonly #facts: SiteFacts
  #mail: Mail | undefined
  #rcpts: DropRecipient[] = []
  constructor(spool: string, facts: SiteFacts) {
    this.#spool = spool
    this.#facts = facts
  }
  /** The reply, or several lines of it; the content of DATA is read from `input`. */
  command(line: string, input: Lines): string | Promise<string> {
    const [, verb = '', rest = ''] = /^\s*(\S*)\s*(.*?)\s*$/.exec(line)!
    switch (verb.toUpperCase()) {
      case 'EHLO':
      case 'HELO':
        if (rest === '') return `501 Syntax: ${verb.toUpperCase()} hostname`
        this.#reset()
        return verb.toUpperCase() === 'HELO' ? `250 ${this.#facts.myhostname}` : this.#ehlo()
      case 'MAIL':
        return this.#startMail(rest)
      case 'RCPT':
        return this.#addRcpt(rest)
      case 'DATA':
        return this.#data(rest, input)
      case 'RSET':
        this.#reset()
        return '250 2.0.0 Ok'
      case 'NOOP':
        return '250 2.0.0 Ok'
      case 'VRFY':
        return rest === '' ? '501 5.5.4 Syntax: VRFY address' : `252 2.0.0 ${rest}`
      case 'QUIT':
        this.over = true
        return '221 2.0.0 Bye'
      case '':
        return '500 5.5.2 Error: bad syntax'
      default:
        return UNKNOWN
    }
  }
  #reset(): void {
    this.#mail = undefined
    this.#rcpts = []
  }
  #ehlo(): string {
    const lines = ['PIPELINING', `SIZE ${this.#facts.messageSizeLimit}`, 'VRFY', 'ENHANCEDSTATUSCODES', '8BITMIME']
    return [this.#facts.myhostname, ...lines, 'DSN', 'SMTPUTF8']
      .map((text, i, all) => `250${i < all.length - 1 ? '-' : ' '}${text}`)
      .join('\r\n')
  }
  #startMail(rest: string): string {
    if (this.#mail) return '503 5.5.1 Error: nested MAIL command'
    const mail = mailCommand(rest, this.#facts.messageSizeLimit)
    if (typeof mail === 'string') return mail
    this.#mail = mail
    return '250 2.1.0 Ok'
  }
  #addRcpt(rest: string): string {
    if (!this.#mail) return '503 5.5.1 Error: need MAIL command'
    if (this.#rcpts.length >= RECIPIENTS_LIMIT) return '452 4.5.3 Error: too many recipients'
    const rcpt = rcptCommand(rest)
    if (typeof rcpt === 'string') return rcpt
    this.#rcpts.push(rcpt)
    return '250 2.1.5 Ok'
  }
  async #data(rest: string, input: Lines): Promise<string> {
    if (this.#rcpts.length === 0)
      return this.#mail ? '554 5.5.1 Error: no valid recipients' : '503 5.5.1 Error: need RCPT command'
    if (rest !== '') return '501 5.5.4 Syntax: DATA'
    reply('354 End data with <CR><LF>.<CR><LF>')
    const envelope = { ...this.#mail!, recipients: this.#rcpts }
    this.#reset()
    const writer = new DropWriter(this.#spool, this.#facts.messageSizeLimit)
    try {
      if (await collect(writer, input)) return `250 2.0.0 Ok: queued as ${await writer.finish(envelope)}`
      this.over = true
      return '421 4.4.2 Error: lost connection'
    } catch (error) {
      const tooBig = writer.length > this.#facts.messageSizeLimit && this.#facts.messageSizeLimit > 0
      if (!tooBig) process.stderr.write(`sendmail: warning: ${(error as Error).message}\n`)
      return tooBig ? '552 5.3.4 Error: message file too big' : '451 4.3.0 Error: queue file write error'
    } finally {
      writer.discard()
    }
  }
}

/** `false` when the input ends before the message does. What follows a failure is read to its end, then the failure is thrown. */
async function collect(writer: DropWriter, input: Lines): Promise<boolean> {
  const lines = new MessageLines(false)
  let problem: unknown
  for (let line = input.next(); line !== '.'; line = input.next()) {
    if (line === undefined) return false
    try {
      // RFC 5321 section 4.5.2
      if (!problem) writer.write(lines.push(Buffer.from(`${line.replace(/^\./, '')}\n`, 'latin1')))
    } catch (error) {
      problem = error
    }
  }
  if (problem) throw problem as Error
  return true
}

/** Lines of standard input as latin1, without their ends. */
class Lines {
  readonly #buffer = Buffer.allocUnsafe(65_536)
  #lines: string[] = []
  #at = 0
  #rest = ''
  /** `undefined` at the end of the input; an unfinished last line does not count */
  next(): string | undefined {
    while (this.#at === this.#lines.length) {
      const chunk = readChunk(0, this.#buffer)
      if (!chunk) return undefined
      this.#lines = (this.#rest + chunk.toString('latin1')).split('\n')
      this.#rest = this.#lines.pop()!
      this.#at = 0
    }
    return this.#lines[this.#at++]!.replace(/\r$/, '')
  }
}

function reply(text: string): void {
  const bytes = Buffer.from(`${text}\r\n`, 'latin1')
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at)
}
