/** Sockets that the primary has bound. */
import type { SocketSource } from '@postern/core'
import type { Ticket } from '../protocol.ts'
import type { Channel } from './channel.ts'

/** libuv's TCP handle, as it comes over the channel */
interface Handle {
  close(done?: () => void): void
}
interface Taking {
  given(handle: object | undefined): void
  failed(error: Error): void
}
export class RemoteSockets implements SocketSource {
  readonly #channel: Channel
  readonly #taking = new Map<Ticket, Taking>()
  /** free ports taken so far, by host: a worker that is started again takes the same ones in the same order */
  readonly #free = new Map<string, number>()
  #last = 0

  constructor(channel: Channel) {
    this.#channel = channel
    channel.on((message, handle) => {
      if (message.kind === 'taken') this.#taken(message.ticket, message.error, handle as object | undefined)
    })
    channel.onGone(() => {
      for (const ticket of [...this.#taking.keys()])
        this.#taken(ticket, { code: 'EPIPE', text: 'the primary has gone' })
    })
  }
  async take({ host, port }: { readonly host: string; readonly port: number }): Promise<object | undefined> {
    if (!this.#channel.open) return undefined
    const nth = port === 0 ? (this.#free.get(host) ?? 0) : 0
    if (port === 0) this.#free.set(host, nth + 1)
    const ticket = ++this.#last
    const handle = await new Promise<object | undefined>((given, failed) => {
      this.#taking.set(ticket, { given, failed })
      this.#channel.send({ kind: 'take', ticket, host, port, nth })
    })
    return handle && this.#watched(handle as Handle, { host, port, nth })
  }
  /** The primary has to know when this worker no longer listens: it would keep a port open that nobody serves. */
  #watched(handle: Handle, place: { host: string; port: number; nth: number }): Handle {
    const close = handle.close.bind(handle)
    handle.close = (done) => {
      this.#channel.send({ kind: 'released', ...place })
      close(done)
    }
    return handle
  }
  #taken(ticket: Ticket, error: { code: string; text: string } | undefined, handle?: object): void {
    const taking = this.#taking.get(ticket)
    this.#taking.delete(ticket)
    if (error) taking?.failed(Object.assign(new Error(error.text), { code: error.code, syscall: 'listen' }))
    else taking?.given(handle)
  }
}
