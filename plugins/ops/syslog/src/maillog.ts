/** The log as those who write lines see it: a program's name, a number in brackets, a text. */
import type { Facility, Severity } from './priority.ts'
import { priorityOf } from './priority.ts'
import type { Output } from './output.ts'
import { cut, printable, stamp } from './text.ts'

export interface MaillogOptions {
  /** syslog has no host name in its lines, and a priority */
  readonly facility: Facility | undefined
  /** as myhostname: the part before the first dot is written */
  readonly hostname: string
  readonly now: () => number
}

export class Maillog {
  readonly #facility: Facility | undefined
  readonly #host: string
  readonly #now: () => number
  #output: Output | undefined
  /** lines before the start */
  #early: string[] = []
  #second = NaN
  #stamp = ''

  constructor(options: MaillogOptions) {
    this.#facility = options.facility
    this.#host = options.hostname.split('.', 1)[0]!
    this.#now = options.now
  }
  open(output: Output): void {
    this.#output = output
    for (const line of this.#early.splice(0)) output.write(line)
  }
  /** `tag`: `postfix/smtpd`. A `text` of several lines becomes one. */
  info(tag: string, pid: number | string, text: string): void {
    this.#write('info', tag, pid, text)
  }
  warning(tag: string, pid: number | string, text: string): void {
    this.#write('warning', tag, pid, `warning: ${text}`)
  }
  error(tag: string, pid: number | string, text: string): void {
    this.#write('error', tag, pid, `error: ${text}`)
  }
  flush(): void {
    this.#output?.flush()
  }
  close(): Promise<void> | void {
    const output = this.#output
    this.#output = undefined
    return output?.close()
  }
  /** the time of a line that is written now */
  get time(): string {
    const second = Math.floor(this.#now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#stamp = stamp(second * 1000)
    }
    return this.#stamp
  }

  #write(severity: Severity, tag: string, pid: number | string, text: string): void {
    const head = this.#facility
      ? `<${priorityOf(this.#facility, severity)}>${this.time} `
      : `${this.time} ${this.#host} `
    const line = `${head}${tag}[${pid}]: ${cut(printable(text), this.#facility ? SYSLOG_TEXT : FILE_TEXT)}\n`
    if (this.#output) this.#output.write(line)
    else if (this.#early.length < EARLY) this.#early.push(line)
  }
}
/** bytes of a line's text, as Postfix cuts it (seen in 3.7; syslog's readers take no more) */
const FILE_TEXT = 2000
const SYSLOG_TEXT = 980
/** lines kept from before the start */
const EARLY = 1000
