/** An SMTP or LMTP client for tests: says what it is told and shows each reply whole. */
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { dotStuffed } from './content.ts'
import { LineReader } from './lines.ts'

export interface DialogueOptions {
  readonly host?: string
  /** the client's own address, e.g. 127.0.0.2 */
  readonly localAddress?: string
  /** ms for each reply; default 10,000 */
  readonly timeout?: number
  /** TLS from the start (RFC 8314 section 3.3) */
  readonly tls?: boolean | ConnectionOptions
  /** do not wait for the banner: for clients that talk too early */
  readonly greeting?: boolean
}
export interface Dialogue {
  /** the banner; '' with `greeting: false` */
  readonly greeting: string
  /** has the other side closed? */
  readonly closed: boolean
  /** A line out, its whole reply back, lines joined by `\n`. */
  send(line: string): Promise<string>
  /** Message content, dot-stuffed, with the final dot; `replies` is more than one for LMTP. */
  data(text: string | Uint8Array, replies?: number): Promise<string>
  /** Bytes as they are; then so many replies. */
  raw(bytes: string | Uint8Array, replies?: number): Promise<string[]>
  /** One more reply, without sending. */
  read(): Promise<string>
  /** STARTTLS and the handshake; the reply to STARTTLS. Certificates are not verified unless `options` ask for it. */
  startTls(options?: ConnectionOptions): Promise<string>
  /** EHLO to the final dot in one go; the replies in order. Ends early at the first that is not 2xx or 3xx. */
  message(mail: { from: string; to: string | readonly string[]; text: string; helo?: string }): Promise<string[]>
  /** Resolves when the other side has closed. */
  ended(): Promise<void>
  /** Closes without QUIT. */
  close(): Promise<void>
}

/** Connects and waits for the banner. */
export async function dialogue(port: number, options: DialogueOptions = {}): Promise<Dialogue> {
  const d = new Client(await open(port, options), options.timeout ?? 10_000)
  if (options.greeting !== false) await d.greet()
  return d
}

class Client implements Dialogue {
  greeting = ''
  #socket: Socket
  #reader: LineReader
  readonly #timeout: number

  constructor(socket: Socket, timeout: number) {
    this.#socket = socket
    this.#reader = new LineReader(socket)
    this.#timeout = timeout
  }
  get closed(): boolean {
    return this.#reader.ended
  }
  async greet(): Promise<void> {
    try {
      this.greeting = await this.#reader.reply('banner', this.#timeout)
    } catch (error) {
      this.#socket.destroy()
      throw error
    }
  }
  send(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`)
    return this.#reader.reply(line, this.#timeout)
  }
  async data(text: string | Uint8Array, replies = 1): Promise<string> {
    this.#socket.write(dotStuffed(text))
    return (await this.#replies('end of data', replies)).join('\n')
  }
  raw(bytes: string | Uint8Array, replies = 1): Promise<string[]> {
    this.#socket.write(bytes)
    const shown = Buffer.from(bytes).toString('latin1').slice(0, 60)
    return this.#replies(JSON.stringify(shown), replies)
  }
  read(): Promise<string> {
    return this.#reader.reply('(waiting)', this.#timeout)
  }
  async startTls(options: ConnectionOptions = {}): Promise<string> {
    const reply = await this.send('STARTTLS')
    if (!reply.startsWith('220')) return reply
    this.#reader.detach()
    this.#socket = await secured({ rejectUnauthorized: false, ...options, socket: this.#socket }, this.#timeout)
    this.#reader = new LineReader(this.#socket)
    return reply
  }
  async message(mail: {
    from: string
    to: string | readonly string[]
    text: string
    helo?: string
  }): Promise<string[]> {
    const to = typeof mail.to === 'string' ? [mail.to] : mail.to
    const hello = mail.helo ?? 'EHLO client.example'
    const lines = [hello, `MAIL FROM:<${mail.from}>`, ...to.map((r) => `RCPT TO:<${r}>`), 'DATA']
    const replies: string[] = []
    for (const line of lines) {
      const reply = await this.send(line)
      replies.push(reply)
      if (!/^[23]/.test(reply) && !(line.startsWith('RCPT') && to.length > 1)) return replies
    }
    const perRecipient = hello.startsWith('LHLO') ? replies.slice(2, -1).filter((r) => r.startsWith('2')).length : 1
    replies.push(await this.data(mail.text, perRecipient))
    return replies
  }
  ended(): Promise<void> {
    return this.#reader.end('close', this.#timeout)
  }
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve()
      this.#socket.once('close', () => resolve())
      this.#socket.destroy()
    })
  }
  async #replies(what: string, count: number): Promise<string[]> {
    const out: string[] = []
    for (let i = 0; i < count; i++) out.push(await this.#reader.reply(what, this.#timeout))
    return out
  }
}

async function open(port: number, options: DialogueOptions): Promise<Socket> {
  const host = options.host ?? '127.0.0.1'
  const socket = connectTcp({ host, port, localAddress: options.localAddress, noDelay: true })
  await ready(socket, 'connect', `connect to ${host}:${port}`, options.timeout ?? 10_000)
  if (!options.tls) return socket
  const tls = typeof options.tls === 'object' ? options.tls : {}
  return secured({ rejectUnauthorized: false, ...tls, socket }, options.timeout ?? 10_000)
}

async function secured(options: ConnectionOptions, ms: number): Promise<Socket> {
  const socket = connectTls(options)
  await ready(socket, 'secureConnect', 'TLS handshake', ms)
  return socket
}

function ready(socket: Socket, event: string, what: string, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(new Error(`${what}: ${error.message}`, { cause: error }))
    }
    const timer = setTimeout(() => fail(new Error(`not within ${ms} ms`)), ms)
    const closed = () => fail(new Error('connection closed'))
    socket.once('error', fail).once('close', closed)
    socket.once(event, () => {
      clearTimeout(timer)
      socket.off('error', fail).off('close', closed)
      // a reset that comes later shows as "connection closed" at the next read
      socket.on('error', () => undefined)
      resolve()
    })
  })
}
