/** NDJSON over a socket. */
import type { Socket } from 'node:net'

/** Messages for `explain` travel in one line. */
const LONGEST = 64 * 1024 * 1024

/** The objects that arrive, until the other side ends. Throws on what is not JSON, and on a line above 64 MiB. */
export async function* readLines(socket: Socket): AsyncGenerator<unknown> {
  let parts: Buffer[] = []
  let size = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield JSON.parse(Buffer.concat([...parts, chunk.subarray(from, at)]).toString('utf8'))
      parts = []
      size = 0
      from = at + 1
    }
    if (from < chunk.length) parts.push(chunk.subarray(from))
    size += chunk.length - from
    if (size > LONGEST) throw new Error(`a line of more than ${LONGEST} bytes`)
  }
}

/** Waits while the reader is slow; rejects when it has gone. */
export async function writeLine(socket: Socket, json: string): Promise<void> {
  if (socket.destroyed) throw new Error('the reader has gone')
  if (socket.write(json + '\n')) return
  await new Promise<void>((resolve, reject) => {
    const drained = () => {
      socket.off('close', closed)
      resolve()
    }
    const closed = () => {
      socket.off('drain', drained)
      reject(new Error('the reader has gone'))
    }
    socket.once('drain', drained).once('close', closed)
  })
}
