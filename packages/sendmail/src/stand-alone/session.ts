/** The commands of a session, with Postfix's replies. */
import type { DropRecipient } from '../format.ts'
import type { Place } from '../place.ts'
import { mailCommand, rcptCommand } from '../smtp-parameters.ts'
import type { Mail } from '../smtp-parameters.ts'
import type { Input } from './input.ts'
import { Message } from './message.ts'
import type { Settings } from './settings.ts'

const SYNTAX_OF_VRFY = '501 5.5.4 Syntax: VRFY address'

export class Session {
  over = false
  readonly #place: Place
  readonly #settings: Settings
  readonly #input: Input
  readonly #say: (text: string) => void
  #errors = 0
  #helo: { readonly verb: 'HELO' | 'EHLO'; readonly name: string } | undefined
  #mail: Mail | undefined
  #rcpts: DropRecipient[] = []
  /** what BDAT has brought so far */
  #chunks: Message | undefined

  constructor(place: Place, settings: Settings, input: Input, say: (text: string) => void) {
    this.#place = place
    this.#settings = settings
    this.#input = input
    this.#say = say
  }
  async command(line: string): Promise<void> {
    const reply = await this.#answer(line)
    // there is nobody left who could be told
    if (reply === '') return
    this.#say(reply)
    if (/^[45]/.test(reply)) this.#errors++
    if (this.over || this.#errors < this.#settings.hardErrorLimit) return
    this.#say(`421 4.7.0 ${this.#settings.myhostname} Error: too many errors`)
    this.over = true
  }
  #answer(line: string): string | Promise<string> {
    const [, given = '', rest = ''] = /^\s*(\S*)\s*(.*?)\s*$/.exec(line)!
    const verb = given.toUpperCase()
    if (verb === '') return '500 5.5.2 Error: bad syntax'
    const { noop, forbidden, lettersOnly } = this.#settings
    if (noop.has(verb)) return '250 2.0.0 Ok'
    if (forbidden.has(verb) || (lettersOnly && !/^[A-Z]/.test(verb))) {
      this.over = true
      return '221 2.7.0 Error: I can break rules, too. Goodbye.'
    }
    if (this.#chunks && !['BDAT', 'RSET', 'QUIT', 'NOOP', 'HELO', 'EHLO'].includes(verb))
      return `503 5.5.1 Error: ${verb} after BDAT`
    return this.#do(verb, rest)
  }
  #do(verb: string, rest: string): string | Promise<string> {
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return this.#hello(verb, rest)
      case 'MAIL':
        return this.#startMail(rest)
      case 'RCPT':
        return this.#addRcpt(rest)
      case 'DATA':
        return this.#data(rest)
      case 'BDAT':
        return this.#bdat(rest)
      case 'RSET':
        if (rest !== '') return '501 5.5.4 Syntax: RSET'
        this.#reset()
        return '250 2.0.0 Ok'
      case 'NOOP':
        return '250 2.0.0 Ok'
      case 'VRFY':
        return this.#vrfy(rest)
      case 'ETRN':
        // the queue is not this program's
        return rest === '' ? '500 Syntax: ETRN domain' : '458 Unable to queue messages'
      case 'STARTTLS':
        return '502 5.5.1 Error: command not implemented'
      case 'AUTH':
        return '503 5.5.1 Error: authentication not enabled'
      case 'XCLIENT':
      case 'XFORWARD':
        return '550 5.7.0 Error: insufficient authorization'
      case 'QUIT':
        this.over = true
        return '221 2.0.0 Bye'
      default:
        return '500 5.5.2 Error: command not recognized'
    }
  }
  #reset(): void {
    this.#mail = undefined
    this.#rcpts = []
    this.#chunks?.discard()
    this.#chunks = undefined
  }
  #hello(verb: 'HELO' | 'EHLO', name: string): string {
    if (name === '') return `501 Syntax: ${verb} hostname`
    this.#reset()
    this.#helo = { verb, name }
    const { myhostname, sizeLimit, vrfy, utf8, discard } = this.#settings
    if (verb === 'HELO') return `250 ${myhostname}`
    const offered = [
      'PIPELINING',
      `SIZE ${sizeLimit}`,
      vrfy && 'VRFY',
      'ETRN',
      'ENHANCEDSTATUSCODES',
      '8BITMIME',
      'DSN',
    ]
    const lines = [...offered, utf8 && 'SMTPUTF8', 'CHUNKING'].filter((word) => word !== false)
    return [myhostname, ...lines.filter((word) => !discard.has(word.split(' ')[0]!.toLowerCase()))]
      .map((text, i, all) => `250${i < all.length - 1 ? '-' : ' '}${text}`)
      .join('\r\n')
  }
  #startMail(rest: string): string {
    if (!this.#helo && this.#settings.heloRequired) return '503 5.5.1 Error: send HELO/EHLO first'
    if (this.#mail) return '503 5.5.1 Error: nested MAIL command'
    const mail = mailCommand(rest, this.#settings.sizeLimit)
    if (typeof mail === 'string') return mail
    this.#mail = mail
    return '250 2.1.0 Ok'
  }
  #addRcpt(rest: string): string {
    if (!this.#mail) return '503 5.5.1 Error: need MAIL command'
    const rcpt = rcptCommand(rest)
    if (typeof rcpt === 'string') return rcpt
    if (this.#rcpts.length >= this.#settings.recipientLimit) return '452 4.5.3 Error: too many recipients'
    this.#rcpts.push(rcpt)
    return '250 2.1.5 Ok'
  }
  #vrfy(rest: string): string {
    const { vrfy, utf8 } = this.#settings
    if (!vrfy) return '502 5.5.1 VRFY command is disabled'
    if (rest === '') return `${SYNTAX_OF_VRFY}${utf8 ? ' [SMTPUTF8]' : ''}`
    const address = rest.replace(/\s+SMTPUTF8$/i, '')
    const found = rcptCommand(`TO:${/\s/.test(address) && !address.startsWith('<') ? `<${address}>` : address}`)
    return typeof found === 'string' ? '501 5.1.3 Bad recipient address syntax' : `252 2.0.0 ${found.address}`
  }
  #isReady(): string | undefined {
    if (this.#rcpts.length > 0) return undefined
    return this.#mail ? '554 5.5.1 Error: no valid recipients' : '503 5.5.1 Error: need RCPT command'
  }
  #newMessage(): Message {
    const from = { helo: this.#helo, mail: this.#mail!, rcpts: this.#rcpts }
    return new Message(this.#place, this.#settings, from)
  }
  async #data(rest: string): Promise<string> {
    const not = this.#isReady()
    if (not !== undefined) return not
    if (rest !== '') return '501 5.5.4 Syntax: DATA'
    this.#say('354 End data with <CR><LF>.<CR><LF>')
    const message = this.#newMessage()
    try {
      for (let line = this.#input.line(); line !== '.'; line = this.#input.line()) {
        if (line === undefined) {
          this.over = true
          return ''
        }
        // RFC 5321 section 4.5.2
        message.line(line.replace(/^\./, ''))
      }
      return await message.queued()
    } finally {
      message.discard()
      this.#reset()
    }
  }
  /** RFC 3030 section 2. What belongs to a command that is refused cannot be told from what follows, so the session ends. */
  async #bdat(rest: string): Promise<string> {
    const [, count, last] = /^(\d{1,15})(?:\s+(LAST))?$/i.exec(rest) ?? []
    if (count === undefined) {
      this.over = true
      return '521 5.5.4 Syntax: BDAT count [LAST]'
    }
    const not = this.#chunks ? undefined : this.#isReady()
    const message = not === undefined ? (this.#chunks ??= this.#newMessage()) : undefined
    let left = Number(count)
    while (left > 0) {
      const bytes = this.#input.bytes(left)
      if (bytes === undefined) {
        this.over = true
        this.#reset()
        return ''
      }
      left -= bytes.length
      message?.bytes(bytes)
    }
    if (!message) return not!
    if (last === undefined) return `250 2.0.0 Ok: ${count} bytes`
    try {
      return await message.queued(true)
    } finally {
      this.#reset()
    }
  }
}
