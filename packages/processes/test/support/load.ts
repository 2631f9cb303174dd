/** Clients that bring mail as fast as they are answered, and keep count of what became of it. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export interface Tally {
  /** subjects of messages that were answered 250 */
  readonly accepted: string[]
  /** ECONNREFUSED */
  refused: number
  /** connections that broke */
  broken: number
  /** replies of 400 and more */
  turnedAway: string[]
  /** longest time from connect to banner, ms */
  longest: number
}
/** One SMTP client. Every method rejects when the connection breaks. */
export class Client {
  readonly socket: Socket
  #buffer = ''
  #waiting: { resolve(reply: string): void; reject(error: Error): void } | undefined
  #error: Error | undefined
  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setEncoding('latin1').on('data', (text: string) => this.#take(text))
    this.socket.on('error', (error) => this.#fail(error))
    this.socket.on('close', () => this.#fail(new Error('closed')))
  }
  reply(): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#error) return reject(this.#error)
      this.#waiting = { resolve, reject }
      this.#take('')
    })
  }
  say(line: string): Promise<string> {
    this.socket.write(`${line}\r\n`)
    return this.reply()
  }
  /** Resolves with the reply to the content, or the first one of 400 and more. */
  async send(subject: string): Promise<string> {
    for (const line of ['MAIL FROM:<a@sender.example>', 'RCPT TO:<b@here.example>', 'DATA']) {
      const reply = await this.say(line)
      if (reply >= '4') return reply
    }
    return this.say(`Subject: ${subject}\r\n\r\nHello!\r\n.`)
  }
  #take(text: string): void {
    this.#buffer += text
    const end = /^\d{3} .*\r\n/m.exec(this.#buffer)
    if (!end || !this.#waiting) return
    const reply = this.#buffer.slice(0, end.index + end[0].length)
    this.#buffer = this.#buffer.slice(reply.length)
    const { resolve } = this.#waiting
    this.#waiting = undefined
    resolve(reply)
  }
  #fail(error: Error): void {
    this.#error ??= error
    this.#waiting?.reject(this.#error)
    this.#waiting = undefined
  }
}

export class Load {
  readonly tally: Tally = { accepted: [], refused: 0, broken: 0, turnedAway: [], longest: 0 }
  readonly #port: number
  readonly #name: string
  #n = 0
  #over = false
  #clients: Promise<void>[] = []

  constructor(port: number, name = 'load') {
    this.#port = port
    this.#name = name
  }
  /** `perSecond`: of all clients together, at most */
  start(clients: number, perSecond = 200): this {
    const rest = (1000 * clients) / perSecond
    this.#clients = Array.from({ length: clients }, () => this.#client(rest))
    return this
  }
  async end(): Promise<Tally> {
    this.#over = true
    await Promise.all(this.#clients)
    return this.tally
  }
  async #client(rest: number): Promise<void> {
    for (; !this.#over; await new Promise((done) => setTimeout(done, rest))) await this.#one()
  }
  async #one(): Promise<void> {
    const subject = `${this.#name}-${++this.#n}`
    const from = performance.now()
    const client = new Client(this.#port)
    try {
      const banner = await client.reply()
      this.tally.longest = Math.max(this.tally.longest, performance.now() - from)
      if (banner >= '4') return void this.tally.turnedAway.push(banner)
      const hello = await client.say('HELO me')
      if (hello >= '4') return void this.tally.turnedAway.push(hello)
      const reply = await client.send(subject)
      if (reply < '4') this.tally.accepted.push(subject)
      else this.tally.turnedAway.push(reply)
      client.socket.end('QUIT\r\n')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') this.tally.refused++
      else this.tally.broken++
    } finally {
      client.socket.destroySoon()
    }
  }
}
