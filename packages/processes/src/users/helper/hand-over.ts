/**
 * Reads the request of a connection that another process will serve, and not a byte more than it keeps. `pause()` lets Node
 * read on until its buffer is full, and `readStop`, with which Node itself stops, is not documented: so it is used here alone.
 */
import type { Socket } from 'node:net'
import { BadFrame, Frames, REQUEST } from '../frames.ts'
import { requestOf } from '../request.ts'
import type { Asked } from '../request.ts'

interface Handle {
  reading: boolean
  readStop(): number
}
export interface Opened {
  readonly asked: Asked
  /** all that was read: the request, and perhaps what came with it */
  readonly read: Buffer
}
/** ms for a request to come */
const PATIENCE = 60_000

/** Rejects with BadFrame or BadRequest. Afterwards nothing is read until `readAgain`. */
export async function openingOf(socket: Socket): Promise<Opened> {
  const read = await requestBytes(socket)
  const [first] = new Frames().push(read)
  if (first!.type !== REQUEST) throw new BadFrame(`a frame of type ${first!.type} instead of a request`)
  return { asked: requestOf(first!.bytes), read }
}
function requestBytes(socket: Socket): Promise<Buffer> {
  const { promise, resolve, reject } = later<Buffer>()
  const chunks: Buffer[] = []
  const frames = new Frames()
  const hear = (bytes: Buffer) => {
    chunks.push(bytes)
    try {
      if (frames.push(bytes).length > 0) resolve(Buffer.concat([...chunks, ...stopReading(socket)]))
    } catch (error) {
      reject(error as Error)
    }
  }
  const gone = () => reject(new BadFrame('the connection ended in the middle'))
  socket.setTimeout(PATIENCE, gone)
  socket.on('data', hear).once('end', gone).once('close', gone)
  return promise.finally(() => {
    socket.setTimeout(0)
    socket.removeAllListeners('timeout').off('data', hear).off('end', gone).off('close', gone)
  })
}
/** What Node had read beyond what it told. */
function stopReading(socket: Socket): Buffer[] {
  const handle = (socket as unknown as { _handle: Handle | null })._handle
  if (!handle || typeof handle.readStop !== 'function') throw new Error('this Node cannot pass a connection on')
  // the stream would start it again to fill its buffer
  socket._read = () => undefined
  handle.reading = false
  handle.readStop()
  socket.pause()
  const rest: Buffer[] = []
  for (let bytes; (bytes = socket.read() as Buffer | null) !== null;) rest.push(bytes)
  return rest
}
/** It stays here after all. */
export function readAgain(socket: Socket): void {
  delete (socket as Partial<Socket>)._read
  socket._read(0)
}
function later<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((done, failed) => ([resolve, reject] = [done, failed]))
  return { promise, resolve, reject }
}
