/** Between us and a real server: passes everything until a query has a word in it, and answers that itself. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface Proxy {
  readonly port: number
  /** what a query must hold to be answered with `bytes`; empty: none is */
  word: string
  bytes: Buffer
  /** the connection is closed behind them */
  end: boolean
  close(): Promise<void>
}

export async function proxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const kept = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer((client) => {
    const there = kept(connect(port, '127.0.0.1'))
    kept(client)
    client.on('data', (chunk) => {
      if (self.word !== '' && chunk.includes(self.word)) {
        client.write(self.bytes)
        if (self.end) client.end()
        return
      }
      there.write(chunk)
    })
    there.on('data', (chunk) => {
      if (!client.destroyed) client.write(chunk)
    })
    there.on('close', () => client.destroy())
    client.on('close', () => there.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const self: Proxy = {
    port: (server.address() as AddressInfo).port,
    word: '',
    bytes: Buffer.alloc(0),
    end: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return self
}
