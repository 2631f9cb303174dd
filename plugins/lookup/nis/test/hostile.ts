/** A server of YP over UDP and TCP on one port that answers as a test says. */
import { createSocket } from 'node:dgram'
import type { RemoteInfo } from 'node:dgram'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { freePort } from '@postern/testkit'

export interface Asked {
  readonly xid: number
  readonly procedure: number
  readonly key: Buffer
  /** how often this call has come, from 1 */
  readonly times: number
  /** sends as it is: a datagram, or bytes of the stream */
  send(bytes: Buffer): void
  /** the asker's address, for datagrams from elsewhere */
  readonly from: RemoteInfo | undefined
  readonly socket: Socket | undefined
}
export interface Hostile {
  readonly server: string
  close(): void
}
export const words = (...numbers: number[]): Buffer => {
  const bytes = Buffer.alloc(numbers.length * 4)
  numbers.forEach((n, i) => bytes.writeUInt32BE(n >>> 0, i * 4))
  return bytes
}
export const opaque = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([words(bytes.length), bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}
/** an accepted reply with results */
export const accepted = (xid: number, ...results: Buffer[]): Buffer =>
  Buffer.concat([words(xid, 1, 0, 0, 0, 0), ...results])
export const value = (xid: number, text: string | Buffer): Buffer => accepted(xid, words(1), opaque(text))
export const noKey = (xid: number): Buffer => accepted(xid, words(-3), opaque(''))
/** records of the stream, each in fragments of `size` bytes */
export function fragmented(message: Buffer, size = message.length): Buffer {
  const parts: Buffer[] = []
  for (let i = 0; i < message.length; i += size) {
    const part = message.subarray(i, i + size)
    parts.push(words(part.length + (i + size >= message.length ? 0x80000000 : 0)), part)
  }
  return Buffer.concat(parts)
}

export async function hostile(answer: (asked: Asked) => void): Promise<Hostile> {
  const port = await freePort()
  const seen = new Map<number, number>()
  const take = (message: Buffer, rest: Pick<Asked, 'send' | 'from' | 'socket'>) => {
    const xid = message.readUInt32BE()
    seen.set(xid, (seen.get(xid) ?? 0) + 1)
    // domain, map, key, each with its length
    let key: Buffer = Buffer.alloc(0)
    for (let at = 40; at < message.length;) {
      const length = message.readUInt32BE(at)
      key = message.subarray(at + 4, at + 4 + length)
      at += 4 + Math.ceil(length / 4) * 4
    }
    answer({ xid, procedure: message.readUInt32BE(20), key, times: seen.get(xid)!, ...rest })
  }
  let open = true
  const udp = createSocket('udp4')
  udp.on('message', (message, from) =>
    take(message, {
      from,
      socket: undefined,
      send: (bytes) => void (open && udp.send(bytes, from.port, from.address)),
    }),
  )
  await new Promise<void>((done) => udp.bind(port, '127.0.0.1', done))
  const sockets = new Set<Socket>()
  const tcp = createServer((socket) => {
    sockets.add(socket)
    let rest = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 4 && rest.length >= 4 + (rest.readUInt32BE() & 0x7fffffff)) {
        const end = 4 + (rest.readUInt32BE() & 0x7fffffff)
        const message = rest.subarray(4, end)
        rest = rest.subarray(end)
        take(message, { from: undefined, socket, send: (bytes) => socket.write(bytes) })
      }
    })
  })
  await new Promise<void>((done) => tcp.listen(port, '127.0.0.1', done))
  return {
    server: `127.0.0.1:${port}`,
    close() {
      open = false
      udp.close()
      tcp.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
