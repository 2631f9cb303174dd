/** A next hop over SMTP or LMTP that writes down what it is given. Its texts stand in expected.json: they do not change. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { TLSSocket, createSecureContext } from 'node:tls'
import type { SinkSpec } from '../cases.ts'
import type { Taken } from '../judge/observed.ts'
import { ByteLines, utf8, withoutEnd } from './lines.ts'

const KEYWORDS = ['PIPELINING', 'SIZE', '8BITMIME', 'ENHANCEDSTATUSCODES', 'DSN']
/** ms a client may be silent */
const IDLE = 20_000

export class Sink {
  /** transactions that reached the end of their content */
  readonly taken: Taken[]
  readonly #name: string
  readonly #certificate: string
  #spec: SinkSpec
  #server: Server | undefined

  /** `certificate`: the folder with cert.pem and key.pem */
  constructor(name: string, spec: SinkSpec, certificate: string) {
    this.#name = name
    this.#spec = spec
    this.#certificate = certificate
    this.taken = []
  }

  get host(): string {
    return `${this.#name}.sink.example`
  }
  get spec(): SinkSpec {
    return this.#spec
  }
  secureContext() {
    const file = (name: string) => readFileSync(`${this.#certificate}/${name}.pem`)
    return createSecureContext({ cert: file('cert'), key: file('key') })
  }
  /** From here on, in open connections too. */
  answer(replies: NonNullable<SinkSpec['replies']>): void {
    this.#spec = { ...this.#spec, replies }
  }
  up(): Promise<void> {
    const server = createServer((socket) => void new Session(this, socket).run())
    this.#server = server
    const { addr = '127.0.0.9', port = 25 } = this.#spec
    return new Promise((resolve, reject) => {
      server.once('error', reject).listen(port, addr, () => resolve())
    })
  }
  down(): void {
    this.#server?.close()
  }
}

class Session {
  readonly #sink: Sink
  #socket: Socket
  #lines: ByteLines
  #helo = ''
  #auth = ''
  #tls = false
  #mail: string | undefined
  #rcpt: string[] = []

  constructor(sink: Sink, socket: Socket) {
    this.#sink = sink
    this.#socket = socket.setNoDelay(true)
    this.#lines = new ByteLines(socket)
  }

  async run(): Promise<void> {
    const banner = this.#sink.spec.banner ?? `220 ${this.#sink.host} ESMTP`
    this.#say(banner)
    if (!/^[45]/.test(banner)) while (await this.#step());
    this.#socket.end()
  }

  /** false: the session is over. */
  async #step(): Promise<boolean> {
    const read = await this.#lines.next(IDLE)
    if (typeof read !== 'string') return false
    const line = utf8(withoutEnd(read))
    const verb = /^[^ :]*/.exec(line)![0].toUpperCase()
    switch (verb) {
      case 'EHLO':
      case 'LHLO':
        this.#helo = line
        this.#say(this.#scripted('EHLO') ?? this.#features())
        return true
      case 'HELO':
        this.#helo = line
        this.#say(this.#scripted(line, verb) ?? `250 ${this.#sink.host}`)
        return true
      case 'STARTTLS':
        this.#startTls()
        return true
      case 'AUTH':
        this.#auth = line
        this.#say(this.#sink.spec.auth ? '235 2.7.0 ok' : '503 no')
        return true
      case 'MAIL':
        this.#startMail(line)
        return true
      case 'RCPT':
        this.#addRecipient(line)
        return true
      case 'DATA':
        return this.#data(line)
      case 'QUIT':
        this.#say('221 2.0.0 Bye')
        return false
      case 'RSET':
      case 'NOOP':
        this.#say('250 2.0.0 Ok')
        return true
      default:
        this.#say(verb === 'ETRN' ? '250 2.0.0 Queuing started' : '502 5.5.2 no such command')
        return true
    }
  }

  #features(): string {
    const { ehlo = KEYWORDS, tls, auth } = this.#sink.spec
    const offered = [...ehlo, ...(tls && !this.#tls ? ['STARTTLS'] : []), ...(auth ? ['AUTH PLAIN LOGIN'] : [])]
    const lines = [this.#sink.host, ...offered]
    return lines.map((l, i) => `250${i < lines.length - 1 ? '-' : ' '}${l}`).join('\n')
  }

  #startMail(line: string): void {
    const reply = this.#scripted(line, 'MAIL') ?? '250 2.1.0 Ok'
    this.#mail = reply.startsWith('2') ? line : undefined
    this.#rcpt = []
    this.#say(reply)
  }

  /** `RCPT bad@x.example` in the script is a part of the line, in any case. */
  #addRecipient(line: string): void {
    const named = Object.entries(this.#sink.spec.replies ?? {}).find(
      ([key]) => key.startsWith('RCPT ') && line.toLowerCase().includes(key.slice(5).toLowerCase()),
    )
    const usual = named?.[1] ?? this.#scripted('RCPT') ?? '250 2.1.5 Ok'
    const reply = this.#mail === undefined ? '503 5.5.1 need MAIL' : usual
    if (reply.startsWith('2')) this.#rcpt.push(line)
    this.#say(reply)
  }

  async #data(line: string): Promise<boolean> {
    const reply = this.#scripted(line, 'DATA') ?? (this.#rcpt.length ? '354 go' : '554 5.5.1 no valid recipients')
    this.#say(reply)
    if (!reply.startsWith('3')) return true
    const content: string[] = []
    for (;;) {
      const read = await this.#lines.next(IDLE)
      if (typeof read !== 'string') return false
      if (read === '.\r\n') break
      content.push(read.startsWith('.') ? read.slice(1) : read)
    }
    const end = this.#scripted('.') ?? '250 2.0.0 Ok: taken'
    this.#sink.taken.push({
      helo: this.#helo,
      mail: this.#mail ?? '',
      rcpt: [...this.#rcpt],
      tls: this.#tls,
      auth: this.#auth,
      data: content.join(''),
      ...(!end.startsWith('2') && { refused: end }),
    })
    // RFC 2033 section 4.2: one for each recipient that was taken
    const times = this.#sink.spec.lmtp ? this.#rcpt.length : 1
    for (let i = 0; i < times; i++) this.#say(end)
    return true
  }

  #startTls(): void {
    this.#say('220 2.0.0 go')
    this.#lines.detach()
    const socket = new TLSSocket(this.#socket, { isServer: true, secureContext: this.#sink.secureContext() })
    this.#socket = socket
    this.#lines = new ByteLines(socket)
    this.#tls = true
  }

  #scripted(...keys: string[]): string | undefined {
    const { replies = {} } = this.#sink.spec
    return keys.map((key) => replies[key]).find((reply) => reply !== undefined)
  }
  #say(text: string): void {
    if (this.#socket.writable) this.#socket.write(`${text.replaceAll('\n', '\r\n')}\r\n`)
  }
}
