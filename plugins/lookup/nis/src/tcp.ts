/** Calls over TCP: one connection for all of them, told apart by their numbers. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Fragments, record } from './fragments.ts'
import { Pending } from './pending.ts'
import { callMessage, xidOf } from './rpc.ts'
import type { Procedure, RpcPort } from './rpc.ts'
import { Malformed } from './xdr.ts'
import type { Reader } from './xdr.ts'

/** bytes of one reply; YP's own limit of a value is 1024 */
const LARGEST = 1024 * 1024

export class TcpPort implements RpcPort {
  readonly #socket: Socket
  readonly #pending: Pending
  #error: Error | undefined
  #retired = false

  constructor(host: string, port: number) {
    const socket = connect({ host, port, family: 4, noDelay: true })
    this.#socket = socket
    socket.unref()
    this.#pending = new Pending((busy) => this.#busy(busy))
    let parts: Buffer[] = []
    let size = 0
    const fragments = new Fragments(
      (bytes) => {
        size += bytes.length
        if (size > LARGEST) throw new Malformed(`a reply of more than ${LARGEST} bytes`)
        parts.push(bytes)
      },
      () => {
        const message = Buffer.concat(parts)
        parts = []
        size = 0
        this.#pending.settle(xidOf(message), message)
      },
    )
    socket.on('data', (chunk) => {
      try {
        fragments.push(chunk)
      } catch (error) {
        this.close(error as Error)
      }
    })
    socket.on('error', (error) => this.close(error))
    socket.on('close', () => this.close(new Error('the server closed the connection')))
  }
  async call(procedure: Procedure, signal: AbortSignal): Promise<Reader> {
    if (this.#error) throw this.#error
    return this.#pending.wait(signal, (xid) => void this.#socket.write(record(callMessage(xid, procedure))))
  }
  retire(): void {
    this.#retired = true
    if (this.#pending.size === 0) this.close()
  }
  close(error = new Error('closed')): void {
    if (this.#error) return
    this.#error = error
    this.#pending.fail(error)
    this.#socket.destroy()
  }
  #busy(busy: boolean): void {
    if (this.#error) return
    if (busy) this.#socket.ref()
    else if (this.#retired) this.close()
    else this.#socket.unref()
  }
}
