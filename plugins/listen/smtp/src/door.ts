/**
 * A bound port. It belongs to the node and outlives a graph: at a reload the next graph takes it over with its own
 * handler, and no client is refused in between.
 */
import type { AddressInfo, Socket } from 'node:net'
import { createServer, isIPv6 } from 'node:net'
import type { SocketSource } from '@postern/core'

export interface DoorAddress {
  /** IP address, host name, `''` for all */
  readonly host: string
  readonly port: number
}
/** `local`: where the client has come in, when all who come here come in there */
export type AcceptHandler = (socket: Socket, local?: Local) => void
export interface Local {
  readonly localAddress: string
  readonly localPort: number
}

export const DOOR_ADDRESS = /^(?:(\d{1,5})|\[?([^[\]]*)\]?:(\d{1,5}|smtps?|submissions?|lmtp))$/i
const SERVICES: Record<string, number> = { smtp: 25, smtps: 465, submission: 587, submissions: 465, lmtp: 24 }

/** `25`, `:25`, `127.0.0.1:25`, `[::1]:25`, `localhost:submission`; `undefined` when it is none of them. */
export function parseDoor(text: string | number): DoorAddress | undefined {
  const m = DOOR_ADDRESS.exec(String(text))
  if (!m) return undefined
  const word = m[1] ?? m[3]!
  const port = SERVICES[word.toLowerCase()] ?? Number(word)
  return Number.isInteger(port) && port <= 65535 ? { host: m[2] ?? '', port } : undefined
}
export const doorName = ({ host, port }: DoorAddress): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`

const BACKLOG = 511
const REUSE = { reusePort: true }
const ignored = (): void => undefined

export class Door {
  readonly #address: DoorAddress
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: false })
  #handler: AcceptHandler | undefined
  /** told once, so that not every connection has to ask the system */
  #local: Local | undefined
  #onError: (error: Error) => void = () => undefined
  /** clients that came before everything else had started: they wait, as in the system's own queue */
  readonly #early = new Set<Socket>()

  constructor(address: DoorAddress) {
    this.#address = address
    this.#server.on('connection', (socket) => this.#accept(socket))
    this.#server.on('error', (error) => this.#onError(error))
  }

  /**
   * Takes the port that was bound for this process, or binds it, unless an earlier graph did. Rejects with the system's
   * error and the address. `shared`: other processes bind it too.
   */
  async bind(sockets: SocketSource, shared: boolean): Promise<void> {
    if (this.#server.listening) return
    try {
      await this.#listen(await sockets.take(this.#address), shared)
    } catch (error) {
      throw new Error(`cannot listen on ${doorName(this.#address)}: ${(error as Error).message}`, { cause: error })
    }
    this.#onError = () => undefined
  }
  #listen(handle: object | undefined, shared: boolean): Promise<void> {
    const { host, port } = this.#address
    return new Promise((done, failed) => {
      this.#onError = failed
      this.#server.once('listening', () => (this.#local = localOf(this.bound)))
      if (handle) this.#server.listen(handle, BACKLOG, done)
      // reusePort: Node 22.12 and 23.1; where it is not known the second process says that the port is taken
      else this.#server.listen({ port, backlog: BACKLOG, ...(host ? { host } : {}), ...(shared && REUSE) }, done)
    })
  }
  /** From now on clients go to `handler`. */
  open(handler: AcceptHandler, onError: (error: Error) => void): void {
    this.#handler = handler
    this.#onError = onError
    for (const socket of this.#early) {
      socket.off('error', ignored)
      handler(socket, this.#local)
    }
    this.#early.clear()
  }
  /** Stops accepting, unless another graph has taken the door over. */
  async release(handler: AcceptHandler): Promise<void> {
    if (this.#handler === handler) await this.close()
  }
  async close(): Promise<void> {
    this.#handler = undefined
    for (const socket of this.#early) socket.destroy()
    this.#early.clear()
    if (!this.#server.listening) return
    // close() waits for the sessions too, and those are not the door's: it is enough that the port is free
    this.#server.close()
  }
  get bound(): AddressInfo | undefined {
    const address = this.#server.address()
    return address && typeof address === 'object' ? address : undefined
  }

  #accept(socket: Socket): void {
    if (this.#handler) return this.#handler(socket, this.#local)
    if (this.#early.size >= BACKLOG) return void socket.destroy()
    this.#early.add(socket)
    socket.on('error', ignored).once('close', () => this.#early.delete(socket))
  }
}

/** Undefined for a port of all addresses. */
const localOf = (bound: AddressInfo | undefined): Local | undefined =>
  bound && bound.address !== '::' && bound.address !== '0.0.0.0'
    ? { localAddress: bound.address, localPort: bound.port }
    : undefined
