/**
 * The order in which Postfix's queue manager hands out the recipients of a message: by transport and next hop, then by domain
 * without case, then by address. Who shares a delivery under a limit of recipients follows from it.
 */
import type { JobRecipient } from '../contract/deliver.ts'
import { addressOf } from '../address.ts'
import type { Leg } from './destination.ts'

export function inOrder(legs: ReadonlyMap<string, Leg> | undefined): readonly Leg[] {
  if (!legs) return []
  const list = [...legs.values()]
  for (const leg of list) if (leg.recipients.length > 1) sort(leg.recipients)
  return list.length < 2
    ? list
    : list.sort((a, b) => compare(a.transport, b.transport) || compare(a.nexthop, b.nexthop))
}
interface Keyed {
  readonly recipient: JobRecipient
  readonly domain: string
  /** the whole address, unquoted: `a b@x` comes before `a@x` */
  readonly text: string
}
function sort(recipients: JobRecipient[]): void {
  const keyed = recipients.map(keyOf).sort((a, b) => compare(a.domain, b.domain) || compare(a.text, b.text))
  for (let i = 0; i < keyed.length; i++) recipients[i] = keyed[i]!.recipient
}
function keyOf(recipient: JobRecipient): Keyed {
  const { address } = recipient
  if (address.startsWith('"')) {
    const { local, domain } = addressOf(address)
    return { recipient, domain: domain.toLowerCase(), text: `${local}@${domain}` }
  }
  const at = address.lastIndexOf('@')
  return { recipient, domain: address.slice(at + 1).toLowerCase(), text: address }
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
