/** The client of a dialogue: says its lines and writes the replies down, whatever becomes of the connection. */
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { sleep } from './testkit.ts'
import type { SmtpSpec, Step } from '../cases.ts'
import type { Exchange } from '../judge/observed.ts'
import { ByteLines, ENDED, LATE, utf8, withoutEnd } from '../peers/lines.ts'
import type { Room } from './room.ts'

const REPLY = 20_000
const LONG = 200
const SHOWN = 80

export class Client {
  readonly #room: Room
  readonly #limit: number
  #socket: Socket
  #lines: ByteLines
  /** the other side has closed */
  #closed = false

  private constructor(room: Room, socket: Socket, limit: number) {
    this.#room = room
    this.#socket = socket
    this.#lines = new ByteLines(socket)
    this.#limit = limit
  }

  static async connect(room: Room, spec: SmtpSpec): Promise<Client> {
    const host = spec.to ?? '127.0.0.1'
    const port = room.port(spec.port ?? '@PORT@')
    const socket = connectTcp({ host, port, localAddress: spec.from, noDelay: true, allowHalfOpen: true })
    await event(socket, 'connect')
    const client = new Client(room, socket, spec.timeout === undefined ? REPLY : spec.timeout * 1000)
    if (spec.tls_wrap) await client.#secure()
    return client
  }

  /** Lines up to one without a hyphen behind its code (RFC 5321 section 4.2.1). */
  async reply(): Promise<string> {
    const lines: string[] = []
    for (;;) {
      const read = await this.#lines.next(this.#limit)
      if (read === ENDED) this.#closed = true
      if (read === ENDED || read === LATE) return [...lines, read === LATE ? '@TIMEOUT@' : '@EOF@'].join('\n')
      const line = utf8(withoutEnd(read))
      lines.push(line)
      if (!/^\d{3}-/.test(line)) return lines.join('\n')
    }
  }

  async play(steps: readonly Step[], greeting: boolean): Promise<Exchange[]> {
    const seen: Exchange[] = []
    if (greeting) seen.push(['(connect)', await this.reply()])
    for (const step of steps) {
      if (this.#closed) {
        seen.push([typeof step === 'string' ? shown(step) : 'step', '@CLOSED@'])
        break
      }
      seen.push(...(await this.#step(step)))
    }
    return seen
  }
  close(): void {
    this.#socket.destroy()
  }

  async #step(step: Step): Promise<Exchange[]> {
    if (typeof step === 'string') {
      this.#send(Buffer.from(`${this.#room.fill(step)}\r\n`))
      return [[shown(step), await this.reply()]]
    }
    if (step.data !== undefined) {
      const lines = this.#room.fill(step.data).split('\n')
      const stuffed = lines.map((line) => `${line.startsWith('.') ? '.' : ''}${line}\r\n`).join('')
      this.#send(Buffer.from(`${stuffed}.\r\n`, step.charset ?? 'utf8'))
      return [['(message)', await this.reply()]]
    }
    if (step.raw !== undefined) return this.#raw(this.#room.fill(step.raw).repeat(step.times ?? 1), step)
    if (step.starttls !== undefined) return [['STARTTLS', await this.#startTls()]]
    if (step.eof !== undefined) return [['(expect close)', await this.reply()]]
    if (step.sleep !== undefined) await sleep(step.sleep * 1000)
    else if (step.half_close !== undefined) this.#socket.end()
    return []
  }

  async #raw(text: string, { charset = 'latin1', replies = 1 }: Exclude<Step, string>): Promise<Exchange[]> {
    this.#send(Buffer.from(text, charset))
    const seen: Exchange[] = []
    while (seen.length < replies && !this.#closed) {
      seen.push([seen.length ? '(next)' : shown(text), await this.reply()])
    }
    return seen
  }

  async #startTls(): Promise<string> {
    this.#send(Buffer.from('STARTTLS\r\n'))
    const reply = await this.reply()
    if (reply.startsWith('220')) await this.#secure()
    return reply
  }

  async #secure(): Promise<void> {
    this.#lines.detach()
    // the certificate is made for the case: nobody vouches for it
    const socket = connectTls({ socket: this.#socket, servername: 'mail.postern.example', rejectUnauthorized: false })
    await event(socket, 'secureConnect')
    this.#socket = socket
    this.#lines = new ByteLines(socket)
  }
  #send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }
}

/** A long line is told by its beginning and its length. */
function shown(text: string): string {
  const letters = [...text]
  return letters.length < LONG ? text : `${letters.slice(0, SHOWN).join('')}…(${letters.length})`
}

function event(socket: Socket, name: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error?: Error) => reject(error ?? new Error(`closed before ${name}`))
    const closed = () => fail()
    socket.once('error', fail).once('close', closed)
    socket.once(name, () => {
      // a reset that comes later shows as the end of the lines
      socket
        .off('error', fail)
        .off('close', closed)
        .on('error', () => undefined)
      resolve()
    })
  })
}
