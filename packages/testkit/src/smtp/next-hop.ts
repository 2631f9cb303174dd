/** A next hop with scripted answers, over SMTP or LMTP, that writes down what it was given. */
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { SecureContextOptions } from 'node:tls'
import { until } from '../wait.ts'
import { HopSession } from './hop-session.ts'

/**
 * Answers by command: `MAIL`, `RCPT`, `RCPT <x@example.org>`, `EHLO`, `DATA`, `.` (after the content), `. <x@example.org>`
 * (LMTP, one recipient), `CONNECT` (the banner), `QUIT`. An array gives the answers one after the other; its last stays.
 */
export type HopReplies = Readonly<Record<string, string | readonly string[]>>

export interface NextHopOptions {
  readonly protocol?: 'smtp' | 'lmtp'
  readonly host?: string
  /** 0, the default: any free port */
  readonly port?: number
  readonly replies?: HopReplies
  /** EHLO keywords; default PIPELINING, 8BITMIME, SIZE, ENHANCEDSTATUSCODES, DSN, SMTPUTF8 */
  readonly keywords?: readonly string[]
  /** ms before the answer to a command, by the same names as `replies` */
  readonly delays?: Readonly<Record<string, number>>
  /** commands that are never answered */
  readonly hang?: readonly string[]
  /** commands at which the connection is dropped */
  readonly drop?: readonly string[]
  /** key and certificate: offers STARTTLS */
  readonly tls?: SecureContextOptions
}
export interface HopTransaction {
  readonly sender: string
  /** parameters behind MAIL FROM, as they came */
  readonly parameters: string
  readonly recipients: readonly { readonly address: string; readonly parameters: string; readonly reply: string }[]
  /** content with CRLF line ends, dots unstuffed; undefined when it never came to its end */
  readonly message?: string
  /** the last answer: to the final dot, or to DATA when it was refused */
  readonly reply: string
  readonly helo: string
  readonly tls: boolean
  readonly auth?: string
  /** connection number, counted from 1 */
  readonly connection: number
}
export interface NextHop {
  readonly host: string
  readonly port: number
  /** transactions whose content was answered with 2xx, in order */
  readonly messages: readonly HopTransaction[]
  /** all of them, the refused ones too */
  readonly transactions: readonly HopTransaction[]
  /** each line that came, as `1: EHLO x` (number of the connection) */
  readonly commands: readonly string[]
  /** connections accepted so far */
  readonly connections: number
  /** Changes the script from here on; what is not named stays. */
  change(options: Partial<Omit<NextHopOptions, 'protocol' | 'host' | 'port'>>): void
  /** Resolves with the messages when there are at least `n`. */
  waitFor(n: number, ms?: number): Promise<readonly HopTransaction[]>
  /** Forgets what was written down. */
  clear(): void
  stop(): Promise<void>
}

/** What one session needs of its server. */
export interface HopScript {
  readonly options: NextHopOptions
  next(key: string): string | undefined
  record(transaction: HopTransaction): void
  command(text: string): void
}

export async function nextHop(options: NextHopOptions = {}): Promise<NextHop> {
  const hop = new Server(options)
  await hop.listen()
  return hop
}

class Server implements NextHop {
  readonly host: string
  port = 0
  connections = 0
  readonly transactions: HopTransaction[] = []
  readonly commands: string[] = []
  readonly #server = createServer((socket) => this.#accept(socket))
  readonly #sockets = new Set<Socket>()
  readonly #used = new Map<string, number>()
  #options: NextHopOptions

  constructor(options: NextHopOptions) {
    this.#options = options
    this.host = options.host ?? '127.0.0.1'
  }
  get messages(): HopTransaction[] {
    return this.transactions.filter((t) => t.message !== undefined && t.reply.startsWith('2'))
  }
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port ?? 0, this.host, () => {
        const at = this.#server.address()
        if (at && typeof at === 'object') this.port = at.port
        resolve()
      })
    })
  }
  change(options: Partial<NextHopOptions>): void {
    this.#options = { ...this.#options, ...options }
    this.#used.clear()
  }
  waitFor(n: number, ms?: number): Promise<readonly HopTransaction[]> {
    const look = () => (this.messages.length >= n ? this.messages : undefined)
    return until(`next hop: ${n} messages`, look, ms).catch((error: unknown) => {
      throw new Error(
        `${(error as Error).message}; it has ${this.messages.length}, commands: ${this.commands.join(' | ')}`,
      )
    })
  }
  clear(): void {
    this.transactions.length = 0
    this.commands.length = 0
    this.connections = 0
  }
  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
  #accept(socket: Socket): void {
    const number = ++this.connections
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => undefined).once('close', () => this.#sockets.delete(socket))
    const script: HopScript = {
      options: this.#options,
      next: (key) => this.#next(key),
      record: (t) => void this.transactions.push(t),
      command: (text) => void this.commands.push(`${number}: ${text}`),
    }
    // the script may change while the connection is open
    Object.defineProperty(script, 'options', { get: () => this.#options })
    void new HopSession(socket, script, number).run()
  }
  #next(key: string): string | undefined {
    const found = this.#options.replies?.[key]
    if (found === undefined || typeof found === 'string') return found
    const n = this.#used.get(key) ?? 0
    this.#used.set(key, n + 1)
    return found[Math.min(n, found.length - 1)]
  }
}

export const secureContext = (options: SecureContextOptions) => createSecureContext(options)
