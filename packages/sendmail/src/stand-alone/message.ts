/** A message of a session, on its way to the drop folder. */
import { DropWriter, TooBig } from '../drop.ts'
import type { DropRecipient } from '../format.ts'
import { MessageLines } from '../input.ts'
import type { Place } from '../place.ts'
import type { Mail } from '../smtp-parameters.ts'
import type { Settings } from './settings.ts'

export interface From {
  readonly helo: { readonly verb: 'HELO' | 'EHLO'; readonly name: string } | undefined
  readonly mail: Mail
  readonly rcpts: readonly DropRecipient[]
}

export class Message {
  readonly #place: Place
  readonly #writer: DropWriter
  readonly #lines = new MessageLines(false)
  readonly #from: From
  #problem: Error | undefined
  #first = true
  /** the beginning of a line that BDAT has cut in two */
  #rest = ''
  /** bytes, each line's end counted as two */
  #size = 0

  constructor(place: Place, settings: Settings, from: From) {
    this.#place = place
    this.#from = from
    this.#writer = new DropWriter(place.spool, settings.sizeLimit)
    this.#write(receivedField(settings, from, this.#writer.told))
  }
  /** latin1, without its end */
  line(text: string): void {
    this.#size += text.length + 2
    if (this.#first) {
      if (/^>*From /.test(text)) return this.#write(`X-Mailbox-Line: ${text}\n`)
      this.#first = false
      // the message has no header
      if (/^[ \t]/.test(text)) this.#write('\n')
    }
    this.#write(`${text}\n`)
  }
  bytes(more: string): void {
    const lines = (this.#rest + more).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) this.line(line.replace(/\r$/, ''))
  }
  /** The reply to the end of the message. */
  async queued(saysSize = false): Promise<string> {
    try {
      if (this.#rest !== '') this.line(this.#rest)
      if (this.#problem) throw this.#problem
      const { mail, rcpts } = this.#from
      const { sender, body, ret, envid } = mail
      await this.#writer.finish({ sender, body, ret, envid, fullName: '', recipients: rcpts })
      return `250 2.0.0 Ok: ${saysSize ? `${this.#size} bytes ` : ''}queued as ${this.#writer.told}`
    } catch (error) {
      const tooBig = error instanceof TooBig
      if (!tooBig) process.stderr.write(`sendmail: warning: ${(error as Error).message}\n`)
      else if (this.#place.postfix !== undefined)
        process.stderr.write('postdrop: warning: mail_stream_cleanup: close error\n')
      return tooBig ? '552 5.3.4 Error: message file too big' : '451 4.3.0 Error: queue file write error'
    } finally {
      this.discard()
    }
  }
  discard(): void {
    this.#writer.discard()
  }
  /** What follows a failure is read to its end, then the failure is told. */
  #write(text: string): void {
    if (this.#problem) return
    try {
      this.#writer.write(this.#lines.push(Buffer.from(text, 'latin1')))
    } catch (error) {
      this.#problem = error as Error
    }
  }
}

/** RFC 5321 section 4.4, as Postfix folds it. */
function receivedField({ myhostname, mailName }: Settings, { helo, mail, rcpts }: From, id: string): string {
  const name = (helo?.name ?? 'localhost').replace(/[^\x20-\x7e]/g, '?').replace(/[()\\]/g, '?')
  const protocol = mail.smtputf8 ? 'UTF8SMTP' : helo?.verb === 'EHLO' ? 'ESMTP' : 'SMTP'
  const date = dateOf(new Date())
  const end =
    rcpts.length === 1 ? `\n\tfor <${Buffer.from(rcpts[0]!.address).toString('latin1')}>; ${date}` : `;\n\t${date}`
  return `Received: from ${name} (localhost [127.0.0.1])\n\tby ${myhostname} (${mailName}) with ${protocol} id ${id}${end}\n`
}
/** `Sun, 22 Nov 2026 05:42:09 +0000 (UTC)`, as Postfix writes it (RFC 5322 section 3.3) */
function dateOf(at: Date): string {
  const [day, month, date, year, time, zone] = at.toString().split(' ')
  const name = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(at)
  const short = name.find((part) => part.type === 'timeZoneName')?.value ?? ''
  return `${day}, ${date!.replace(/^0/, '')} ${month} ${year} ${time} ${zone!.replace('GMT', '')} (${short})`
}
