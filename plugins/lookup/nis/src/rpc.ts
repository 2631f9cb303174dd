/** ONC remote procedure calls, version 2 (RFC 5531 section 9), without authentication. */
import { randomInt } from 'node:crypto'
import { Malformed, Reader, encode } from './xdr.ts'

export interface Procedure {
  readonly program: number
  readonly version: number
  readonly number: number
  /** arguments, encoded */
  readonly args: Buffer
}
/** One port of a server to which calls go. */
export interface RpcPort {
  /** The results of a call. Rejects with the signal's reason, when the server cannot be reached and when it refuses. */
  call(procedure: Procedure, signal: AbortSignal): Promise<Reader>
  /** no more calls will come: closes when those that wait have ended */
  retire(): void
  /** ends all calls with `error` */
  close(error?: Error): void
}
/** The server has understood, and does not carry the call out (accept_stat, reject_stat). */
export class RpcRefused extends Error {
  /** it could not decode the arguments */
  readonly garbage: boolean

  constructor(message: string, garbage = false) {
    super(message)
    this.garbage = garbage
  }
}

const CALL = 0
const REPLY = 1
const ACCEPTED = 0
const GARBAGE_ARGS = 4
const STATS = [
  'success',
  'the program is not served there',
  'the version of the program is not served there',
  'the procedure is not served there',
  'the server could not read the arguments',
  'the server has a system error',
]
/** Not to be guessed by who cannot see the call. */
export const newXid = (): number => randomInt(2 ** 32)

export const callMessage = (xid: number, { program, version, number, args }: Procedure): Buffer =>
  // behind the procedure: no credentials and no verifier, a flavour and a length each
  Buffer.concat([encode(xid, CALL, 2, program, version, number, 0, 0, 0, 0), args])

/** The number of the call that a message answers; `undefined` when it is no reply. */
export const xidOf = (message: Buffer): number | undefined =>
  message.length >= 12 && message.readUInt32BE(4) === REPLY ? message.readUInt32BE() : undefined

/** What stands behind the head of a reply. Throws `RpcRefused`, `Malformed`. */
export function resultsOf(message: Buffer): Reader {
  const reader = new Reader(message)
  reader.number()
  if (reader.number() !== REPLY) throw new Malformed('a message that is no reply')
  if (reader.number() !== ACCEPTED) throw new RpcRefused('the server denies the call')
  reader.number()
  reader.bytes()
  const stat = reader.number()
  if (stat !== 0) throw new RpcRefused(STATS[stat] ?? `the server answers with status ${stat}`, stat === GARBAGE_ARGS)
  return reader
}
