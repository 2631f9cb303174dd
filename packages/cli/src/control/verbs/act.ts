/** An operator's words, carried out and recorded. */
import { PosternError } from '@postern/core'
import type { Node, QueueEntry } from '@postern/core'
import { CommandError, EX } from '../../exit.ts'
import { groups } from '../../queue/select.ts'
import type { AdminArguments, AdminRow, FlushArguments, Result } from '../protocol.ts'
import { selected } from './asked.ts'
import type { Asked } from './asked.ts'

/** messages acted on at once: they share the disk's sync */
const AT_ONCE = 100
/** characters of a domain name (RFC 1035 section 2.3.4), and more than an id has */
const LONGEST = 255

export async function administer(asked: Asked, args: AdminArguments): Promise<Result<'queue.admin'>> {
  const { node } = asked.served
  const missing: string[] = []
  let done = 0
  for await (const group of groups(args.ids ?? present(asked, args), AT_ONCE)) {
    const rows = await Promise.all(group.map(async (id) => ({ id, row: await act(node, id, args) })))
    for (const { id, row } of rows) {
      if (row) await asked.row(row)
      else missing.push(id)
      if (row && !row.busy) done++
    }
  }
  // one that went by itself while all were walked through is not missed
  return { done, missing: args.ids ? missing : [] }
}
async function act(node: Node, id: string, { action, who, why }: AdminArguments): Promise<AdminRow | undefined> {
  if (action !== 'requeue') return (await node.administer(id, { action, who, why })) ? { id } : undefined
  try {
    const to = await node.requeue(id, { who, why })
    return to === undefined ? undefined : { id, to }
  } catch (error) {
    if (error instanceof PosternError && error.code === 'PN_BUSY') return { id, busy: true }
    throw error
  }
}
/** What comes in meanwhile, requeued mail above all, is not what was meant. */
async function* present(asked: Asked, { query }: AdminArguments): AsyncGenerator<string> {
  const end = asked.served.node.queue.newId()
  for await (const { id } of selected(asked, query)) if (id < end) yield id
}

export async function flush(asked: Asked, { id, site }: FlushArguments): Promise<Result<'queue.flush'>> {
  const { node } = asked.served
  for (const word of [id, site])
    if (word !== undefined && (typeof word !== 'string' || word.length > LONGEST))
      throw new CommandError(EX.USAGE, 'flush takes an id or a site')
  if (site !== undefined) return { flushed: await flushSite(asked, site), missing: [] }
  if (id === undefined) {
    const { waiting } = node.status().queue
    node.flush()
    return { flushed: waiting, missing: [] }
  }
  const found = await node.queue.load(id, { limit: 1 })
  if (!found) return { flushed: 0, missing: [id] }
  if (found.held) return { flushed: 0, missing: [] }
  node.flush([id])
  return { flushed: 1, missing: [] }
}
async function flushSite(asked: Asked, site: string): Promise<number> {
  let flushed = 0
  const waiting = selected(asked, { domain: site, states: ['active', 'deferred'] })
  for await (const group of groups<QueueEntry>(waiting, 1000)) {
    asked.served.node.flush(group.map((m) => m.id))
    flushed += group.length
  }
  return flushed
}
