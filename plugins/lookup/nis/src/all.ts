/** YPPROC_ALL: a whole map over one connection, in one reply of any length, read as it comes. */
import { connect } from 'node:net'
import { Fragments, record } from './fragments.ts'
import type { Place } from './locate.ts'
import { callMessage, newXid, resultsOf } from './rpc.ts'
import { FOUND, NO_MORE, allCall, answerError } from './yp.ts'
import { Malformed, Reader } from './xdr.ts'

export interface RawEntry {
  readonly key: Buffer
  readonly value: Buffer
}
/** bytes of one entry */
const LARGEST = 1024 * 1024

/** Throws when the server fails, ends too early or is no longer asked (`signal`). */
export async function* allEntries(
  place: Place,
  domain: string,
  map: string,
  signal: AbortSignal,
): AsyncGenerator<RawEntry> {
  signal.throwIfAborted()
  const socket = connect({ ...place, family: 4, signal })
  let rest: Buffer = Buffer.alloc(0)
  let complete = false
  const fragments = new Fragments(
    (bytes) => (rest = Buffer.concat([rest, bytes])),
    () => (complete = true),
  )
  const xid = newXid()
  let begun = false
  try {
    socket.write(record(callMessage(xid, allCall(domain, map))))
    for await (const chunk of socket) {
      fragments.push(chunk as Buffer)
      if (!begun) {
        const results = opened(rest, xid)
        if (results === undefined) {
          if (complete || rest.length > LARGEST) throw new Malformed('a reply without an end of its head')
          continue
        }
        begun = true
        rest = results
      }
      for (;;) {
        const next = entryOf(rest)
        if (next === 'end') return
        if (next === undefined) break
        rest = rest.subarray(next.length)
        yield next.entry
      }
      if (rest.length > LARGEST) throw new Malformed(`an entry of more than ${LARGEST} bytes`)
      if (complete) break
    }
    throw new Malformed('the map ends without its end mark')
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    socket.destroy()
  }
}
/** What stands behind the head of the reply; `undefined`: it has not come as a whole. */
function opened(message: Buffer, xid: number): Buffer | undefined {
  if (message.length >= 4 && message.readUInt32BE() !== xid) throw new Malformed('a reply to another call')
  const reader = whole(() => resultsOf(message))
  return reader && message.subarray(reader.position)
}
function entryOf(bytes: Buffer): { entry: RawEntry; length: number } | 'end' | undefined {
  const reader = new Reader(bytes)
  return whole(() => {
    if (reader.number() === 0) return 'end'
    const status = reader.signed()
    // value before key
    const value = reader.bytes()
    const key = reader.bytes()
    if (status === NO_MORE) return 'end'
    if (status !== FOUND) throw answerError(status)
    return { entry: { key, value }, length: reader.position }
  })
}
/** `undefined` when there is less than what is read. */
function whole<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}
