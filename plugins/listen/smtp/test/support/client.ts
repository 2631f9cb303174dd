/** A client that says what it is told and waits for one reply each; never longer than a few seconds. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'

export const EOF = '@EOF@'
const PATIENCE = 8000

export class Client {
  #socket: Socket
  #buffer = ''
  #closed = false
  #wake: (() => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen(socket)
  }
  static async open(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const client = new Client(socket)
    await new Promise<void>((done, failed) => socket.once('connect', done).once('error', failed))
    return client
  }
  #listen(socket: Socket): void {
    socket.on('data', (chunk) => {
      this.#buffer += chunk.toString('utf8')
      this.#wake?.()
    })
    const gone = () => {
      this.#closed = true
      this.#wake?.()
    }
    socket.on('error', gone).on('end', gone).on('close', gone)
  }
  async startTls(): Promise<void> {
    const raw = this.#socket
    raw.removeAllListeners()
    const secured = tlsConnect({ socket: raw, rejectUnauthorized: false })
    this.#socket = secured
    this.#listen(secured)
    await new Promise<void>((done, failed) => secured.once('secureConnect', done).once('error', failed))
  }
  raw(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }
  half(): void {
    this.#socket.end()
  }
  /** RST instead of FIN: the server knows at once */
  reset(): void {
    this.#socket.resetAndDestroy()
  }
  destroy(): void {
    this.#socket.destroy()
  }
  /** One reply, its lines joined by LF; `@EOF@` when the server has closed. */
  async reply(): Promise<string> {
    const until = Date.now() + PATIENCE
    for (;;) {
      const m = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/.exec(this.#buffer)
      if (m) {
        this.#buffer = this.#buffer.slice(m[0].length)
        return m[0].replace(/\r/g, '').trimEnd()
      }
      if (this.#closed) return EOF
      if (Date.now() > until) throw new Error(`no reply; so far ${JSON.stringify(this.#buffer)}`)
      await new Promise<void>((done) => {
        const timer = setTimeout(done, 100)
        this.#wake = () => {
          clearTimeout(timer)
          done()
        }
      })
    }
  }
  async say(line: string): Promise<string> {
    this.raw(`${line}\r\n`)
    return this.reply()
  }
  /** bytes that came and were not taken as replies */
  get left(): string {
    return this.#buffer
  }
}

/** Holds a dialogue: `[said, expected]`; `(connect)`, `(next)` and `(expect close)` say nothing. */
export async function dialogue(port: number, lines: readonly (readonly [string, string])[]): Promise<string[]> {
  const client = await Client.open(port)
  const seen: string[] = []
  try {
    for (const [said] of lines) {
      if (/^\((connect|next|expect close)\)$/.test(said)) seen.push(await client.reply())
      else if (said.includes('\n')) {
        client.raw(said)
        seen.push(await client.reply())
      } else seen.push(await client.say(said))
    }
  } finally {
    client.destroy()
  }
  return seen
}
