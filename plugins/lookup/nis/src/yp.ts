/** The YP protocol, version 2: what is asked of a server, and its answers (the `yp.x` of NIS). */
import type { Procedure } from './rpc.ts'
import { encode } from './xdr.ts'
import type { Reader } from './xdr.ts'

export const YP_PROGRAM = 100004
export const YP_VERSION = 2
const MATCH = 3
const ALL = 8

/** a value was found */
export const FOUND = 1
export const NO_MORE = 2
export const NO_MAP = -1
export const NO_DOMAIN = -2
export const NO_KEY = -3

const WORDS: Readonly<Record<number, string>> = {
  [FOUND]: 'found',
  [NO_MORE]: 'no more entries',
  0: 'the server failed',
  [NO_MAP]: 'no such map in the domain',
  [NO_DOMAIN]: 'the domain is not served there',
  [NO_KEY]: 'no such key',
  [-4]: 'the server does not know the request',
  [-5]: "the server's database is damaged",
  [-6]: 'the server has an error',
  [-7]: 'the server does not take the arguments',
  [-8]: 'the server speaks another version',
}
/** It will not get better by itself. */
export class Misconfigured extends Error {}
/** An answer that is neither a value nor "no such key". */
export function answerError(status: number): Error {
  const text = WORDS[status] ?? `the server answers with status ${status}`
  return status === NO_MAP || status === NO_DOMAIN ? new Misconfigured(text) : new Error(text)
}
const yp = (number: number, args: Buffer): Procedure => ({ program: YP_PROGRAM, version: YP_VERSION, number, args })
export const matchCall = (domain: string, map: string, key: Buffer) => yp(MATCH, encode(domain, map, key))
export const allCall = (domain: string, map: string) => yp(ALL, encode(domain, map))

export interface Match {
  readonly status: number
  readonly value: Buffer
}
/** The value stands behind the status in any case, and is empty unless the key was found. */
export const matchOf = (results: Reader): Match => ({ status: results.signed(), value: results.bytes() })

const PORTMAPPER = { program: 100000, version: 2 }
export const PORTMAPPER_PORT = 111
const GET_PORT = 3
export type Transport = 'udp' | 'tcp'
const IP_PROTOCOL = { tcp: 6, udp: 17 }

/** Where a program listens (RFC 1833 section 3); the result is the port, 0 for none. */
export const portCall = (program: number, version: number, transport: Transport): Procedure => ({
  ...PORTMAPPER,
  number: GET_PORT,
  args: encode(program, version, IP_PROTOCOL[transport], 0),
})

export const YPBIND = { program: 100007, version: 2 }
const BOUND_TO = 1
/** Which server a domain is bound to, asked of the ypbind of this machine. */
export const bindingCall = (domain: string): Procedure => ({ ...YPBIND, number: BOUND_TO, args: encode(domain) })

export interface Binding {
  readonly host: string
  /** of YP over UDP */
  readonly port: number
}
/** Throws when the domain is bound to no server. */
export function bindingOf(results: Reader): Binding {
  if (results.number() !== 1) throw new Error('ypbind is bound to no server of the domain')
  const host = results.fixed(4).join('.')
  return { host, port: results.fixed(2).readUInt16BE() }
}
