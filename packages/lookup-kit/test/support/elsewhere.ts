/** A server under another address of this machine: a name or an address that its certificate is not for. */
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** Forwards `host` at a free port to 127.0.0.1:`port`. */
export async function elsewhere(port: number, host = '127.0.0.2') {
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  await new Promise<void>((done) => server.listen(0, host, done))
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () => new Promise<void>((done) => void server.close(() => done())),
  }
}
