/** A directory that says what a test wants said, byte by byte. */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Ber } from '../../src/ber.ts'
import { Frames } from '../../src/wire.ts'

type Content = string | Buffer | readonly Buffer[]
/** An element: its tag, its length in the shortest form, its content. */
export function element(tag: number, content: Content): Buffer {
  const bytes = Array.isArray(content) ? Buffer.concat(content) : Buffer.from(content as string)
  const { length } = bytes
  const hex = length.toString(16)
  const digits = length < 0x80 ? [] : Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, digits.length === 0 ? length : 0x80 | digits.length, ...digits]), bytes])
}
export const number = (value: number, tag = 0x02) => {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return element(tag, bytes[0]! >= 0x80 ? [Buffer.of(0), bytes] : bytes)
}
export const message = (id: number, operation: Buffer) => element(0x30, [number(id), operation])
/** What ends a request: of a search (0x65), a bind (0x61), a comparison (0x6f). */
export const end = (id: number, code = 0, tag = 0x65) =>
  message(id, element(tag, [number(code, 0x0a), element(0x04, ''), element(0x04, '')]))
export const entry = (id: number, values: readonly (string | Buffer)[], name = 'uid') => {
  const set = element(
    0x31,
    values.map((value) => element(0x04, value)),
  )
  const attribute = element(0x30, [element(0x04, name), set])
  return message(id, element(0x64, [element(0x04, 'cn=x'), element(0x30, [attribute])]))
}

export interface Asked {
  readonly id: number
  readonly operation: number
  /** the message's bytes */
  readonly bytes: Buffer
  readonly socket: Socket
}
export interface Fake {
  readonly url: string
  /** what came, binds too */
  readonly asked: Asked[]
  close(): void
}
/** Binds succeed, comparisons fail as for an attribute that is there; each search and abandon goes to `search`. */
export async function fake(search: (asked: Asked) => void): Promise<Fake> {
  const sockets = new Set<Socket>()
  const all: Asked[] = []
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    const frames = new Frames()
    socket.on('data', (chunk) =>
      frames.feed(chunk, (bytes, from, to) => {
        const ber = new Ber()
        ber.load(bytes, from)
        ber.open(0x30, to)
        const id = ber.number(0x02, to)
        const asked = { id, operation: ber.next(to), bytes: Buffer.from(bytes.subarray(from, to)), socket }
        all.push(asked)
        if (asked.operation === 0x60) socket.write(end(id, 0, 0x61))
        else if (asked.operation === 0x6e) socket.write(end(id, 5, 0x6f))
        else if (asked.operation !== 0x42) search(asked)
      }),
    )
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: all,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
/** The value that a search compares with, when it is the only one: what stands in the filter's last string. */
export function comparedIn({ bytes }: Asked): string {
  const m = /mail\x04[\x00-\x7f]([^]*?)0[\x00-\x7f]\x04[\x00-\x7f]uid$/.exec(bytes.toString('latin1'))
  if (!m) throw new Error(`no search for a mail address: ${bytes.toString('hex')}`)
  return Buffer.from(m[1]!, 'latin1').toString()
}
