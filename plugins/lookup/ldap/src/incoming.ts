/** What comes in on a socket that is read into one buffer, again and again: no memory is made for each read. */
import { connect } from 'node:net'
import type { NetConnectOpts, Socket } from 'node:net'

/** bytes of one read at most */
const SIZE = 64 * 1024

/** What is done with what came, of use until it returns. `false`: nothing more is read until the socket is resumed. */
export type Take = (chunk: Buffer) => boolean
const takers = new WeakMap<Socket, { take: Take }>()

/** A socket for which `readInto` works; the other side must not speak first. */
export function connectReused(to: NetConnectOpts): Socket {
  const buffer = Buffer.allocUnsafeSlow(SIZE)
  const taker: { take: Take } = {
    take: () => !socket.destroy(new Error('the server spoke before it was asked')),
  }
  const callback = (size: number) => taker.take(buffer.subarray(0, size))
  const socket = connect({ ...to, onread: { buffer, callback } })
  takers.set(socket, taker)
  return socket
}
/** `false`: it is a socket of another kind, that tells what came as events. */
export function readInto(socket: Socket, take: Take): boolean {
  const taker = takers.get(socket)
  if (taker) taker.take = take
  return taker !== undefined
}
