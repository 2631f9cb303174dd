/** Who carries orders out: the running daemon, or the store itself when it is down. */
import { EX, connectDaemon } from '@postern/cli/client'
import type { Daemon } from '@postern/cli/client'
import { openQueue, whoAmI } from '@postern/cli/queue'
import type { AdminVerb, OpenQueue, QueueRow } from '@postern/cli/queue'
import { Fatal } from '@postern/sendmail/queue'
import { becomeOwner } from '../at-rest.ts'
import { foundAt } from '../place.ts'
import type { Place } from '../place.ts'
import type { Say } from '../program.ts'

export interface Desk {
  list(ids?: readonly string[]): AsyncIterable<QueueRow>
  /** The ids of those that were there. What could not be done is said. */
  act(action: AdminVerb, ids: readonly string[], say: Say): Promise<string[]>
  close(): Promise<void>
}
const WHY = 'postsuper'

/** Throws Fatal for whom neither may be asked. */
export async function openDesk(place: Place): Promise<Desk> {
  const daemon = await connectDaemon(place.spool).catch((error: Error & { exit?: number }) => {
    throw error.exit === EX.UNAVAILABLE ? new Fatal('use of this command is reserved for the superuser') : error
  })
  if (daemon) return new RunningDesk(daemon)
  const found = await foundAt(place)
  becomeOwner(place.spool)
  return new RestDesk(await openQueue(found))
}

class RunningDesk implements Desk {
  readonly #daemon: Daemon
  constructor(daemon: Daemon) {
    this.#daemon = daemon
  }
  list(ids?: readonly string[]): AsyncIterable<QueueRow> {
    return this.#daemon.rows('queue.list', { query: ids && { ids } })
  }
  async act(action: AdminVerb, ids: readonly string[], say: Say): Promise<string[]> {
    if (ids.length === 0) return []
    const done: string[] = []
    await this.#daemon.ask('queue.admin', { action, ids, who: whoAmI(), why: WHY }, (row) => {
      if (row.busy) say(`warning: ${row.id}: it is being delivered, and that takes long: nothing was done`)
      else done.push(row.id)
    })
    return done
  }
  async close(): Promise<void> {
    this.#daemon.close()
  }
}

class RestDesk implements Desk {
  readonly #open: OpenQueue
  constructor(open: OpenQueue) {
    this.#open = open
  }
  list(ids?: readonly string[]): AsyncIterable<QueueRow> {
    return this.#open.queue.list(ids && { ids })
  }
  async act(action: AdminVerb, ids: readonly string[]): Promise<string[]> {
    const who = { who: whoAmI(), why: WHY }
    const { queue } = this.#open
    const done = await Promise.all(
      ids.map(async (id) =>
        action === 'requeue' ? (await queue.requeue(id, who)) !== undefined : queue.admin(id, { action, ...who }),
      ),
    )
    return ids.filter((_, i) => done[i])
  }
  close(): Promise<void> {
    return this.#open.close()
  }
}
