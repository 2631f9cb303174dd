/** Which messages a command is about, as it is said on the control socket. Everything that is given must hold. */
import type { QueueEntry, QueueFilter } from '@postern/core'

/** active: in delivery or due; deferred: waits for its next attempt; held: waits for an operator */
export type QueueState = 'active' | 'deferred' | 'held'
export const STATES: readonly QueueState[] = ['active', 'deferred', 'held']

export interface QueueQuery {
  readonly ids?: readonly string[]
  /** of a recipient that is pending; with a dot in front, all domains below it */
  readonly domain?: string
  /** an address, `@domain`, or `<>` */
  readonly sender?: string
  /** a pending recipient: an address or `@domain` */
  readonly recipient?: string
  /** ms in the queue, at least */
  readonly older?: number
  /** ms in the queue, at most */
  readonly newer?: number
  readonly states?: readonly QueueState[]
}
export interface Selector {
  /** what the store itself can leave out */
  readonly filter: QueueFilter
  matches(entry: QueueEntry): boolean
}

export function selector(q: QueueQuery, now: number): Selector {
  const ids = q.ids && new Set(q.ids)
  const before = q.older === undefined ? undefined : now - q.older
  const after = q.newer === undefined ? undefined : now - q.newer
  const states = q.states?.length ? new Set(q.states) : undefined
  const held = states && (states.has('held') ? (states.size === 1 ? true : undefined) : false)
  const tests = [
    ids && ((m: QueueEntry) => ids.has(m.id)),
    before !== undefined && ((m: QueueEntry) => m.envelope.created <= before),
    after !== undefined && ((m: QueueEntry) => m.envelope.created >= after),
    states && ((m: QueueEntry) => states.has(stateOf(m, now))),
    q.sender !== undefined && isAddress(q.sender, (m) => [m.envelope.sender]),
    q.recipient !== undefined && isAddress(q.recipient, pendingAddresses),
    q.domain !== undefined && inDomain(q.domain),
  ].filter((t): t is (m: QueueEntry) => boolean => typeof t === 'function')
  // the store's limits are open intervals: a message of this very millisecond is told apart here
  return {
    filter: {
      ...(q.ids && { ids: q.ids }),
      ...(before !== undefined && { before: before + 1 }),
      ...(after !== undefined && { after: after - 1 }),
      ...(held !== undefined && { held }),
    },
    matches: (m) => tests.every((holds) => holds(m)),
  }
}
function isAddress(wanted: string, of: (m: QueueEntry) => string[]): (m: QueueEntry) => boolean {
  const text = wanted === '<>' ? '' : wanted.toLowerCase()
  const same = text.startsWith('@') ? (a: string) => domainOf(a) === text.slice(1) : (a: string) => a === text
  return (m) => of(m).some((a) => same(a.toLowerCase()))
}
function inDomain(wanted: string): (m: QueueEntry) => boolean {
  const domain = wanted.toLowerCase().replace(/^@/, '')
  const same = domain.startsWith('.') ? (d: string) => d.endsWith(domain) : (d: string) => d === domain
  return (m) => pendingAddresses(m).some((a) => same(domainOf(a)))
}
export const pendingAddresses = (m: QueueEntry): string[] =>
  m.recipients.filter((r) => r.state === 'pending').map((r) => r.address)
export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

export function stateOf(m: Pick<QueueEntry, 'held' | 'nextTry'>, now: number): QueueState {
  if (m.held) return 'held'
  return m.nextTry > now ? 'deferred' : 'active'
}
