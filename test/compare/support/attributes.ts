/** A client of Postfix's trivial-rewrite(8): lists of names and values, each ended by a zero byte (its attr_print0). */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export interface Resolved {
  readonly transport: string
  readonly nexthop: string
  readonly recipient: string
  /** Postfix's RESOLVE_FLAG_ and RESOLVE_CLASS_ bits */
  readonly flags: number
}
export const RESOLVE = { error: 1 << 2, fail: 1 << 3 } as const

export class TrivialRewrite {
  readonly #socket: Socket
  #rest = Buffer.alloc(0)
  #wake: (() => void) | undefined
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    const wake = () => this.#wake?.()
    socket
      .on('data', (chunk: Buffer) => {
        this.#rest = Buffer.concat([this.#rest, chunk])
        wake()
      })
      .on('error', () => undefined)
      .on('close', () => {
        this.#ended = true
        wake()
      })
  }
  /** `path`: of the service's socket */
  static async open(path: string): Promise<TrivialRewrite> {
    const socket = connect(path)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const client = new TrivialRewrite(socket)
    const greeting = await client.#read()
    if (greeting.protocol !== 'trivial_rewrite_protocol')
      throw new Error(`no trivial-rewrite: ${JSON.stringify(greeting)}`)
    return client
  }
  /** The standard form; both are external, bytes as Latin-1. `rule`: `local` or `remote`. */
  async rewrite(rule: string, address: string): Promise<string> {
    return (await this.#ask({ request: 'rewrite', rule, address })).address!
  }
  /** `address` in its internal form */
  async resolve(sender: string, address: string): Promise<Resolved> {
    const {
      transport = '',
      nexthop = '',
      recipient = '',
      flags,
    } = await this.#ask({ request: 'resolve', sender, address })
    return { transport, nexthop, recipient, flags: Number(flags) }
  }
  close(): void {
    this.#socket.destroy()
  }
  #ask(attributes: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
    const text = Object.entries(attributes).flatMap(([name, value]) => [name, value])
    this.#socket.write(Buffer.from(`${text.join('\0')}\0\0`, 'latin1'))
    return this.#read()
  }
  async #read(): Promise<Readonly<Record<string, string>>> {
    const texts: string[] = []
    for (;;) {
      const end = this.#rest.indexOf(0)
      if (end < 0) {
        if (this.#ended) throw new Error('trivial-rewrite has closed the connection')
        await new Promise<void>((wake) => (this.#wake = wake))
        continue
      }
      const text = this.#rest.toString('latin1', 0, end)
      this.#rest = this.#rest.subarray(end + 1)
      // an empty name ends the list; an empty value does not
      if (texts.length % 2 === 0 && text === '') break
      texts.push(text)
    }
    return Object.fromEntries(texts.flatMap((name, i) => (i % 2 === 0 ? [[name, texts[i + 1]!]] : [])))
  }
}
