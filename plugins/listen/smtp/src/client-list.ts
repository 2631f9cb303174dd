/** Clients by address: networks, and tables of addresses, asked once for each connection. */
import { ownCall } from '@postern/core'
import type { Clock, Logger, MaybePromise } from '@postern/core'
import type { Member, Networks } from '@postern/maps'

/** ms: a table that takes longer has failed */
const PATIENCE = 30_000

/** Does not throw: where a table fails the client is none of them, and it is told. */
export type ClientList = (address: string) => MaybePromise<boolean>

export function clientList(option: string, networks: Networks, clock: Clock, log: Logger): ClientList {
  return (address) => {
    const { call, done } = ownCall(clock, log, PATIENCE)
    const answer = (member: Member): boolean => {
      done()
      if (typeof member === 'boolean') return member
      log.warn('client.lookup', { option, address, cause: member.cause })
      return false
    }
    const member = networks.has(address, call)
    return member instanceof Promise ? member.then(answer) : answer(member)
  }
}
