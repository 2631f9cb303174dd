/** NDJSON over a socket. */
import type { Socket } from 'node:net'

/** A message travels in one line, in base64; Node's strings end at 512 MiB. */
export const LONGEST_LINE = 384 * 1024 * 1024
/** characters gathered into one write */
const BATCH = 64 * 1024

/** The objects that arrive, until the other side ends. Throws on what is not JSON, and on a line above `longest` bytes. */
export async function* readLines(socket: Socket, longest = LONGEST_LINE): AsyncGenerator<unknown> {
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
    if (size > longest) throw new Error(`a line of more than ${longest} bytes`)
  }
}

/** Where lines go: a socket, standard output. */
export interface Target {
  readonly destroyed: boolean
  write(chunk: string | Uint8Array): boolean
  once(event: 'drain' | 'close', listener: () => void): unknown
  off(event: 'drain' | 'close', listener: () => void): unknown
}
/** Waits while the reader is slow; rejects when it has gone. */
export async function send(target: Target, data: string | Uint8Array): Promise<void> {
  if (target.destroyed) throw new Error('the reader has gone')
  if (target.write(data)) return
  await new Promise<void>((resolve, reject) => {
    const drained = () => {
      target.off('close', closed)
      resolve()
    }
    const closed = () => {
      target.off('drain', drained)
      reject(new Error('the reader has gone'))
    }
    target.once('drain', drained)
    target.once('close', closed)
  })
}

/** Text gathered into few writes, as fast as the reader takes it. */
export class Gathered {
  readonly #target: Target
  #text = ''
  constructor(target: Target) {
    this.#target = target
  }
  add(text: string): Promise<void> {
    this.#text += text
    return this.#text.length < BATCH ? DONE : this.flush()
  }
  async flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    if (text !== '') await send(this.#target, text)
    // a socket takes much at once: whoever else has work gets a turn
    await turn()
  }
}
const DONE = Promise.resolve()
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
