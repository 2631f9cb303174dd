/** Messages to a server: made by ldapts, or of parts that were made once, with only the values put in. */
import { ProtocolOperation as Op } from 'ldapts'
import type { Outbox } from './outbox.ts'

/** To be sent once with an id. */
export interface Message {
  /** tag of the answer that ends it */
  readonly ends: number
  /** names of attributes that the answer will have */
  readonly attributes: readonly string[]
  write(out: Outbox, id: number): void
}
/** A message of ldapts without its id. */
export type MakeMessage = (id: number) => { readonly protocolOperation: number; write(): Buffer }

/** `attributes`: those that a search asks for */
export function messageOf(make: MakeMessage, attributes: readonly string[] = []): Message {
  const request = make(1).protocolOperation
  // an answer's tag follows the request's, except that a search has three kinds
  const ends = request === Op.LDAP_REQ_SEARCH ? Op.LDAP_RES_SEARCH : request + 1
  return { ends, attributes, write: (out, id) => out.append(make(id).write()) }
}
