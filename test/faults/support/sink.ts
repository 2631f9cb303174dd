/** The next hop that all mail goes to: takes, defers or refuses by the token, and knows when it took what. */
import { createServer } from 'node:net'
import { crc32 } from 'node:zlib'
import type { Server, Socket } from 'node:net'

/** A reply after which the message should never come again: 2xx or 5xx. */
export interface Ended {
  readonly token: string
  /** queue id: a report has another one than the message it speaks of */
  readonly id: string
  /** ms since 1970, just before the reply was written to the connection: who asked cannot know sooner */
  readonly at: number
  /** 2xx */
  readonly taken: boolean
  /** a report about the token's message */
  readonly report: boolean
  /** the body is the token's own, whole */
  readonly intact: boolean
}
/** The reply to the n-th offer (from 1) of a token's message; '' for none at all. */
export type Policy = (token: string, offer: number) => string
const OK = '250 2.0.0 Ok'

export class Sink {
  readonly ended: Ended[] = []
  readonly offers = new Map<string, number>()
  policy: Policy
  port = 0
  readonly #server: Server = createServer((socket) => this.#accept(socket))
  readonly #sockets = new Set<Socket>()

  constructor(policy: Policy = () => OK) {
    this.policy = policy
  }
  listen(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', () => {
        const at = this.#server.address()
        if (at && typeof at === 'object') this.port = at.port
        resolve(this)
      })
    })
  }
  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('error', () => undefined).once('close', () => this.#sockets.delete(socket))
    socket.write('220 sink.example ESMTP\r\n')
    let text = ''
    let content = false
    let sender = ''
    socket.on('data', (chunk: string) => {
      text += chunk
      for (;;) {
        const end = content ? text.indexOf('\r\n.\r\n') : text.indexOf('\r\n')
        if (end < 0) return
        const part = text.slice(0, end)
        text = text.slice(end + (content ? 5 : 2))
        if (content) this.#message(socket, sender, part)
        else {
          sender = /^MAIL FROM:<([^>]*)>/i.exec(part)?.[1] ?? sender
          socket.write(`${replyTo(part)}\r\n`)
        }
        content = !content && /^DATA$/i.test(part)
      }
    })
  }
  #message(socket: Socket, sender: string, message: string): void {
    const token = /^X-Token: (\S+)/m.exec(message)?.[1] ?? '?'
    const report = sender === ''
    const offer = (this.offers.get(token) ?? 0) + 1
    if (!report) this.offers.set(token, offer)
    const reply = report ? OK : this.policy(token, offer)
    if (reply === '') return
    // behind the write this process may stand still, and be overtaken by the one that asked
    const at = Date.now()
    socket.write(`${reply}\r\n`)
    if (reply.startsWith('4')) return
    const id = /\bid ([0-9A-V]{13})\b/.exec(message)?.[1] ?? '?'
    const body = message.slice(message.indexOf('\r\n\r\n') + 4).trimEnd()
    const intact = report || body.split(/\s+/).every((word) => word === token)
    this.ended.push({ token, id, at, taken: reply.startsWith('2'), report, intact })
  }
}
function replyTo(line: string): string {
  if (/^EHLO /i.test(line)) return '250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0'
  if (/^DATA$/i.test(line)) return '354 go on'
  return /^QUIT$/i.test(line) ? '221 2.0.0 Bye' : OK
}

/** Defers two of five once, one of ten twice, refuses one of twenty: the token decides, so that each run is the same. */
export const mixed: Policy = (token, offer) => {
  const kind = crc32(token) % 20
  if (kind === 0) return '550 5.1.1 not here'
  const deferrals = kind < 9 ? 1 : kind < 11 ? 2 : 0
  return offer <= deferrals ? '450 4.2.0 later' : OK
}
