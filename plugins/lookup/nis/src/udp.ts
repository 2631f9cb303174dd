/** Calls over UDP: a datagram each, sent again until the reply comes. */
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { Pending } from './pending.ts'
import { callMessage, xidOf } from './rpc.ts'
import type { Procedure, RpcPort } from './rpc.ts'
import type { Reader } from './xdr.ts'

/** ms until a call is sent for the second time; each further wait is twice as long */
const FIRST_WAIT = 500
const LONGEST_WAIT = 8000

export class UdpPort implements RpcPort {
  readonly #socket: Socket
  readonly #pending: Pending
  readonly #connected: Promise<unknown>
  #error: Error | undefined
  #retired = false

  /** A connected socket: the kernel drops what other addresses send, and tells when nobody listens there. */
  constructor(host: string, port: number) {
    const socket = createSocket('udp4')
    this.#socket = socket
    socket.unref()
    this.#pending = new Pending((busy) => this.#busy(busy))
    socket.on('message', (message) => this.#pending.settle(xidOf(message), message))
    socket.on('error', (error) => this.close(error))
    this.#connected = once(socket, 'connect')
    // told to each call by `close`; nobody may have begun to wait
    this.#connected.catch(() => undefined)
    socket.connect(port, host)
  }
  async call(procedure: Procedure, signal: AbortSignal): Promise<Reader> {
    let timer: NodeJS.Timeout | undefined
    return this.#pending.wait(
      signal,
      (xid) => {
        const message = callMessage(xid, procedure)
        const send = (wait: number) => {
          if (this.#error) return this.#pending.fail(this.#error)
          // an error comes by the event, too
          this.#socket.send(message, () => undefined)
          timer = setTimeout(send, wait, Math.min(wait * 2, LONGEST_WAIT))
        }
        if (this.#error) return this.#pending.fail(this.#error)
        this.#connected.then(
          () => signal.aborted || send(FIRST_WAIT),
          (error: Error) => this.close(error),
        )
      },
      () => clearTimeout(timer),
    )
  }
  retire(): void {
    this.#retired = true
    if (this.#pending.size === 0) this.close()
  }
  close(error = new Error('closed')): void {
    if (this.#error) return
    this.#error = error
    this.#pending.fail(error)
    this.#socket.close()
  }
  #busy(busy: boolean): void {
    if (this.#error) return
    if (busy) this.#socket.ref()
    else if (this.#retired) this.close()
    else this.#socket.unref()
  }
}
