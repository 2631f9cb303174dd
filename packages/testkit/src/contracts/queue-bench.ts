/** What each test of the queue store's contract works on: a store of its own, over a folder of its own. */
import type { QueueEntry, QueueStore } from '@postern/core'
import { tempFolder } from '../temp.ts'

/** A store over `folder` that has not been started; called again with the same folder to see what a restart finds. */
export type MakeStore = (folder: string) => QueueStore | Promise<QueueStore>

/** The store under test, and what its start told. */
export interface Bench {
  readonly store: QueueStore
  readonly rows: readonly string[]
  /** stops it and opens another one over the same folder; `false`: does not wait until all messages have been told */
  reopen(wait?: boolean): Promise<Bench>
}
/** Registers a test. */
export type Each = (title: string, body: (bench: Bench) => Promise<void>) => void

/** Runs `body` on a new store; stops what is open and removes the folder behind it. */
export async function onBench(make: MakeStore, body: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = await tempFolder('queue-contract')
  const running = new Set<QueueStore>()
  const opened = async (wait = true): Promise<Bench> => {
    const store = await make(folder.path)
    const rows: string[] = []
    const recovery = await store.start((entry) => void rows.push(entry.id))
    if (wait) await recovery.done
    running.add(store)
    const reopen = async (waiting = true) => {
      running.delete(store)
      await store.stop()
      return opened(waiting)
    }
    return { store, rows, reopen }
  }
  try {
    await body(await opened())
  } finally {
    for (const store of running) await store.stop()
    await folder.remove()
  }
}

export async function listed(store: QueueStore): Promise<QueueEntry[]> {
  const entries: QueueEntry[] = []
  for await (const e of store.list()) entries.push(e)
  return entries
}
