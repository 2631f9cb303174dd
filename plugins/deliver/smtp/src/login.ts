/** Servers that we would have to log in to (`smtp_sasl_password_maps`). */
import type { Call, Deferred, Table } from '@postern/core'
import { down, ours } from './outcome.ts'
import type { Peer } from './peer.ts'

export interface Passwords {
  readonly tables: readonly Table[]
  /** `smtp_sender_dependent_authentication` */
  readonly bySender: boolean
}
/**
 * Why mail waits, if there is a password for the server, the next hop as it is written, or the sender. A table that is away counts as yes: what
 * is tried without a password may be returned for good.
 */
export async function mustLogIn(
  { tables, bySender }: Passwords,
  server: Peer,
  nexthop: string,
  sender: string,
  call: Call,
): Promise<Deferred | undefined> {
  for (const table of tables)
    for (const key of [...(bySender && sender !== '' ? [sender] : []), server.host, nexthop]) {
      const answer = await table.get(key.toLowerCase(), call)
      if (answer.kind === 'absent') continue
      return down('4.7.0', `SASL authentication with host ${server.name} is not there yet`, ours(server))
    }
  return undefined
}
