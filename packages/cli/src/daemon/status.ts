/** The state of all workers as one. */
import type { Slot } from '@postern/processes'
import type { DaemonStatus, WorkerStatus } from '../control/protocol.ts'
import { nobody } from './fanout.ts'
import type { ServedWorkers } from './fanout.ts'

export async function statusOf(served: ServedWorkers): Promise<DaemonStatus> {
  const { slots } = served.supervisor
  const told = await Promise.all(slots.map(askStatus))
  const known = told.flatMap((s) => s ?? [])
  const [first] = known
  if (!first) throw nobody()
  const sum = (of: (s: DaemonStatus) => number) => known.reduce((n, s) => n + of(s), 0)
  return {
    ...first,
    pid: process.pid,
    spool: served.spool,
    state: served.state(),
    since: known.reduce<number | undefined>(
      (t, s) => (s.since === undefined ? t : Math.min(t ?? s.since, s.since)),
      undefined,
    ),
    sessions: sum((s) => s.sessions),
    queue: {
      active: sum((s) => s.queue.active),
      waiting: sum((s) => s.queue.waiting),
      held: sum((s) => s.queue.held),
      messages: sum((s) => s.queue.messages),
      bytes: sum((s) => s.queue.bytes),
      refusing: known.find((s) => s.queue.refusing)?.queue.refusing,
      problems: distinct(known.flatMap((s) => s.queue.problems)),
    },
    listening: distinct(known.flatMap((s) => s.listening)),
    tables: first.tables.map((t) => ({ ...t, ...troubleOf(known, t.name), stats: statsOf(known, t.name) })),
    workers: slots.map((slot, i) => lineOf(slot, told[i])),
  }
}
const askStatus = (slot: Slot): Promise<DaemonStatus | undefined> =>
  slot.manned
    ? (slot.worker!.ask('owner status').result as Promise<unknown> as Promise<DaemonStatus>).catch(() => undefined)
    : Promise.resolve(undefined)

const lineOf = (slot: Slot, s: DaemonStatus | undefined): WorkerStatus => ({
  index: slot.index,
  pid: s?.pid ?? 0,
  state: s?.state ?? (slot.worker?.state === 'starting' ? 'starting' : 'down'),
  since: s?.since,
  sessions: s?.sessions ?? 0,
  messages: s?.queue.messages ?? 0,
  restarts: slot.restarts,
})
/** Of the worker that has seen it first. */
function troubleOf(all: readonly DaemonStatus[], table: string) {
  const bad = all.flatMap((s) => s.tables).filter((t) => t.name === table && t.problem !== undefined)
  const [first] = bad.sort((a, b) => (a.since ?? 0) - (b.since ?? 0))
  return { problem: first?.problem, since: first?.since }
}
/** Each process has a table of its own: figures are sums. */
function statsOf(all: readonly DaemonStatus[], table: string): Record<string, number> | undefined {
  const sums: Record<string, number> = {}
  for (const t of all.flatMap((s) => s.tables))
    if (t.name === table) for (const [key, n] of Object.entries(t.stats ?? {})) sums[key] = (sums[key] ?? 0) + n
  return Object.keys(sums).length > 0 ? sums : undefined
}
const distinct = <T>(all: readonly T[]): T[] => [...new Map(all.map((v) => [JSON.stringify(v), v])).values()]
