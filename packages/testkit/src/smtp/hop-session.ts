/** One client's dialogue with the scripted next hop. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { sleep } from '../wait.ts'
import { LineReader } from './lines.ts'
import { secureContext } from './next-hop.ts'
import type { HopScript, HopTransaction } from './next-hop.ts'

const KEYWORDS = ['PIPELINING', '8BITMIME', 'SIZE 10240000', 'ENHANCEDSTATUSCODES', 'DSN', 'SMTPUTF8']
// long enough for any test's next command; the client's close ends the wait
const IDLE = 120_000

type Recipient = HopTransaction['recipients'][number]

export class HopSession {
  #socket: Socket
  #reader: LineReader
  readonly #script: HopScript
  readonly #number: number
  #helo = ''
  #auth: string | undefined
  #tls = false
  #sender: { address: string; parameters: string } | undefined
  #recipients: Recipient[] = []

  constructor(socket: Socket, script: HopScript, number: number) {
    this.#socket = socket
    this.#reader = new LineReader(socket)
    this.#script = script
    this.#number = number
  }

  async run(): Promise<void> {
    try {
      await this.#answer(['CONNECT'], `220 hop.example ${this.#lmtp ? 'LMTP' : 'ESMTP'}`)
      while (await this.#step(await this.#reader.line('command', IDLE)));
    } catch {
      // the client has gone, or the script dropped it: nothing to say
    } finally {
      this.#socket.destroy()
    }
  }

  get #lmtp(): boolean {
    return this.#script.options.protocol === 'lmtp'
  }

  /** `false` ends the session. */
  async #step(line: string): Promise<boolean> {
    this.#script.command(line)
    const verb = (/^\S*/.exec(line)?.[0] ?? '').toUpperCase()
    switch (verb) {
      case 'EHLO':
      case 'LHLO':
      case 'HELO':
        this.#helo = line
        this.#reset()
        await this.#answer([verb, 'EHLO'], verb === 'HELO' ? '250 hop.example' : this.#features())
        return true
      case 'STARTTLS':
        return this.#startTls()
      case 'AUTH':
        return this.#authenticate(line)
      case 'MAIL':
        return this.#mail(line)
      case 'RCPT':
        return this.#rcpt(line)
      case 'DATA':
        return this.#data()
      case 'RSET':
        this.#reset()
        await this.#answer(['RSET'], '250 2.0.0 Ok')
        return true
      case 'QUIT':
        await this.#answer(['QUIT'], '221 2.0.0 Bye')
        return false
      default:
        await this.#answer([verb], verb === 'NOOP' ? '250 2.0.0 Ok' : '502 5.5.2 Error: command not recognized')
        return true
    }
  }

  #features(): string {
    const offered = [...(this.#script.options.keywords ?? KEYWORDS)]
    if (this.#script.options.tls && !this.#tls) offered.push('STARTTLS')
    const lines = ['hop.example', ...offered]
    return lines.map((l, i) => `250${i === lines.length - 1 ? ' ' : '-'}${l}`).join('\n')
  }

  async #mail(line: string): Promise<boolean> {
    const { address, parameters } = path(line)
    const reply = await this.#answer([`MAIL <${address}>`, 'MAIL'], '250 2.1.0 Ok')
    if (reply.startsWith('2')) this.#sender = { address, parameters }
    return true
  }

  async #rcpt(line: string): Promise<boolean> {
    const { address, parameters } = path(line)
    const reply = await this.#answer([`RCPT <${address}>`, 'RCPT'], '250 2.1.5 Ok')
    this.#recipients.push({ address, parameters, reply })
    return true
  }

  async #data(): Promise<boolean> {
    const accepted = this.#recipients.filter((r) => r.reply.startsWith('2'))
    const usual = accepted.length ? '354 End data with <CR><LF>.<CR><LF>' : '554 5.5.1 Error: no valid recipients'
    const reply = await this.#answer(['DATA'], usual)
    if (!reply.startsWith('3')) {
      this.#record(undefined, reply)
      return true
    }
    const message = await this.#content()
    if (this.#lmtp) await this.#answerEach(accepted, message)
    else this.#record(message, await this.#answer(['.'], '250 2.0.0 Ok: queued as HOP', message))
    this.#reset()
    return true
  }

  /** RFC 2033 section 4.2: one reply for each recipient that was accepted. */
  async #answerEach(accepted: readonly Recipient[], message: string): Promise<void> {
    const all = this.#recipients
    for (const r of accepted) {
      const reply = await this.#answer([`. <${r.address}>`, '.'], '250 2.0.0 Ok: queued as HOP')
      this.#recipients = [r]
      this.#record(message, reply)
    }
    this.#recipients = all
  }

  async #content(): Promise<string> {
    const lines: string[] = []
    for (;;) {
      const line = await this.#reader.line('content', IDLE)
      if (line === '.') return lines.join('')
      lines.push(`${line.startsWith('.') ? line.slice(1) : line}\r\n`)
    }
  }

  async #authenticate(line: string): Promise<boolean> {
    this.#auth = line.slice(5)
    if (/^AUTH LOGIN$/i.test(line)) {
      this.#socket.write('334 VXNlcm5hbWU6\r\n')
      const user = await this.#reader.line('user', IDLE)
      this.#socket.write('334 UGFzc3dvcmQ6\r\n')
      this.#auth = `LOGIN ${user} ${await this.#reader.line('password', IDLE)}`
    }
    await this.#answer(['AUTH'], '235 2.7.0 Authentication successful')
    return true
  }

  async #startTls(): Promise<boolean> {
    const tls = this.#script.options.tls
    const reply = await this.#answer(['STARTTLS'], tls ? '220 2.0.0 Ready to start TLS' : '502 5.5.1 Not offered')
    if (!tls || !reply.startsWith('220')) return true
    this.#reader.detach()
    const socket = new TLSSocket(this.#socket, { isServer: true, secureContext: secureContext(tls) })
    socket.on('error', () => this.#socket.destroy())
    this.#socket = socket
    this.#reader = new LineReader(socket)
    this.#tls = true
    this.#reset()
    return true
  }

  /** The first of `keys` that the script knows decides; returns what was sent. */
  async #answer(keys: readonly string[], usual: string, ..._about: unknown[]): Promise<string> {
    const { drop, hang, delays } = this.#script.options
    if (keys.some((k) => drop?.includes(k))) throw new Error('dropped by the script')
    if (keys.some((k) => hang?.includes(k))) await this.#reader.end('hanging', IDLE).then(() => this.#socket.destroy())
    const delay = keys.map((k) => delays?.[k]).find((ms) => ms !== undefined)
    if (delay) await sleep(delay)
    let text = usual
    for (const key of keys) {
      const scripted = this.#script.next(key)
      if (scripted === undefined) continue
      text = scripted
      break
    }
    this.#socket.write(`${text.replace(/\n/g, '\r\n')}\r\n`)
    if (text.startsWith('421')) throw new Error('closed after 421')
    return text
  }

  #record(message: string | undefined, reply: string): void {
    this.#script.record({
      sender: this.#sender?.address ?? '',
      parameters: this.#sender?.parameters ?? '',
      recipients: this.#recipients,
      message,
      reply,
      helo: this.#helo,
      tls: this.#tls,
      auth: this.#auth,
      connection: this.#number,
    })
  }

  #reset(): void {
    this.#sender = undefined
    this.#recipients = []
  }
}

function path(line: string): { address: string; parameters: string } {
  const m = /^\w+\s+\w+:\s*<((?:"(?:\\.|[^"\\])*"|[^">])*)>\s*(.*)$/i.exec(line)
  return { address: m?.[1] ?? line, parameters: m?.[2] ?? '' }
}
