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
