/** Which messages: the options that the queue commands share, as a query. */
import { duration } from '@postern/core'
import { CommandError, EX } from '../../exit.ts'
import type { QueueQuery, QueueState } from '../../queue/query.ts'

export interface FilterOptions {
  readonly domain?: string
  readonly sender?: string
  readonly recipient?: string
  readonly older?: string
  readonly newer?: string
  readonly state?: readonly QueueState[]
}
/** `undefined` when no filter was given. Throws CommandError (64) on an age that is none. */
export function queryOf(o: FilterOptions): QueueQuery | undefined {
  const query = {
    ...(o.domain !== undefined && { domain: o.domain }),
    ...(o.sender !== undefined && { sender: o.sender }),
    ...(o.recipient !== undefined && { recipient: o.recipient }),
    ...(o.older !== undefined && { older: age('--older', o.older) }),
    ...(o.newer !== undefined && { newer: age('--newer', o.newer) }),
    ...(o.state && { states: o.state }),
  }
  return Object.keys(query).length > 0 ? query : undefined
}
function age(option: string, text: string): number {
  const ms = duration().safeParse(text)
  if (!ms.success || text.trim() === '')
    throw new CommandError(EX.USAGE, `${option} ${text}: expected a duration like 30m, 2h, 1d12h`)
  return ms.data
}
/** Names, filters or --all: one of them. Throws CommandError (64). */
export function chosen(
  verb: string,
  ids: readonly string[],
  o: FilterOptions & { readonly all?: boolean },
): { readonly ids?: readonly string[]; readonly query?: QueueQuery } {
  const query = queryOf(o)
  const ways = [ids.length > 0, query !== undefined, o.all === true].filter(Boolean).length
  if (ways === 1) return ids.length > 0 ? { ids } : { query: query ?? {} }
  throw new CommandError(
    EX.USAGE,
    ways === 0
      ? `name the messages to ${verb}, or choose them with --domain, --sender, --recipient, --older, --newer or --state, or say --all`
      : 'ids, filters and --all exclude each other',
  )
}
