/** A message of the queue as everybody may see it. */
import type { QueueEntry } from '@postern/core'

/** What a listing needs of a message; the daemon's door for everybody tells no more. */
export type PublicEntry = Pick<QueueEntry, 'id' | 'size' | 'nextTry' | 'expired'> & {
  readonly envelope: Pick<QueueEntry['envelope'], 'sender' | 'created'>
  readonly recipients: readonly Pick<QueueEntry['recipients'][number], 'address' | 'state' | 'text'>[]
  readonly held?: object
}
export type QueueName = 'active' | 'deferred' | 'hold'

/** Which of Postfix's queues a message would be in. */
export const queueName = ({ held, nextTry }: Pick<PublicEntry, 'held' | 'nextTry'>, now: number): QueueName =>
  held ? 'hold' : nextTry > now ? 'deferred' : 'active'

/**
 * Who still waits, as Postfix lists them: those with a reason first, in the order in which its queue manager tries them (by domain
 * without case, then by the bytes of the address, unquoted, as core/src/flow/order.ts does), then the others as they came.
 */
export function waiting({ recipients }: Pick<PublicEntry, 'recipients'>): PublicEntry['recipients'] {
  const pending = recipients.filter((r) => r.state === 'pending')
  const told = pending.filter((r) => r.text).map((r) => ({ r, key: keyOf(r.address) }))
  if (told.length > 1) told.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return [...told.map(({ r }) => r), ...pending.filter((r) => !r.text)]
}
/** Sorts by its bytes, but for what is beyond the basic plane. */
function keyOf(address: string): string {
  const at = address.lastIndexOf('@')
  const local = at < 0 ? address : address.slice(0, at)
  const plain = /^"/.test(local) ? local.slice(1, -1).replace(/\\(.)/g, '$1') : local
  const domain = at < 0 ? '' : address.slice(at + 1)
  return `${domain.toLowerCase()}\0${plain}@${domain}`
}

/** An address as it goes on the wire; the null sender by its other name. */
export function shown(address: string): string {
  if (address === '') return 'MAILER-DAEMON'
  const at = address.lastIndexOf('@')
  const local = at < 0 ? address : address.slice(0, at)
  return visible(PLAIN.test(local) ? address : `"${local.replace(/["\\]/g, '\\$&')}"${address.slice(local.length)}`)
}
/** a dot-atom (RFC 5321 section 4.1.2), UTF-8 included, or what stands in quotes already */
const PLAIN = /^(?:[^\s"(),.:;<>@[\\\]\x00-\x1f\x7f]+(?:\.[^\s"(),.:;<>@[\\\]\x00-\x1f\x7f]+)*|"(?:[^"\\]|\\.)*")$/ // eslint-disable-line no-control-regex

/** What others wrote must not move somebody's cursor. */
export const visible = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?') // eslint-disable-line no-control-regex
