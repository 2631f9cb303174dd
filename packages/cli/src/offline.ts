/** The queue of a daemon that is down. */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkOptions, createNode, queueStore, silentSink } from '@postern/core'
import type { QueueStore } from '@postern/core'
import { bundledFrom } from './config.ts'
import type { Found } from './config.ts'
import type { QueueRow } from './control/protocol.ts'
import { CommandError, EX } from './exit.ts'

/** What a queue plugin may export beside itself. Both read without locking or changing anything. */
interface QueueModule {
  /** its messages */
  readonly readQueue?: (folder: string) => AsyncIterable<QueueRow>
  /** whether everything in it can be read as it was written */
  readonly verifyQueue?: VerifyQueue
}
export type VerifyQueue = (
  folder: string,
  options: { readonly onProgress?: (done: number, total: number) => void },
) => Promise<{ readonly problems: readonly unknown[] }>

interface Keeper {
  readonly package: string
  readonly module: QueueModule
  /** absolute; `undefined` where the plugin has no `path` */
  readonly folder: string | undefined
  readonly store: OpenQueue
  /** what the plugins keep may be made from now on */
  claim(): void
}
/** A store that this process owns until it closes it. */
export interface OpenQueue {
  readonly queue: QueueStore
  close(): Promise<void>
}
async function keeperOf(found: Found): Promise<Keeper> {
  const { graph } = await createNode(found.loaded, { log: silentSink, resolveFrom: bundledFrom() })
  const name = graph.collection.provided.find((p) => p.role.id === queueStore.id)!.use.name
  const use = graph.uses.find((u) => u.name === name)!
  const options = checkOptions(use.definition.options, use.options, { file: use.file, path: use.path }).value as {
    path?: unknown
  }
  return {
    package: use.package,
    module: use.module.startsWith('(') ? {} : ((await import(pathToFileURL(use.module).href)) as QueueModule),
    folder: typeof options.path === 'string' ? path.resolve(graph.settings.spool, options.path) : undefined,
    store: {
      queue: graph.one<QueueStore>(queueStore)!,
      close: () => graph.keeper.release(graph.log),
    },
    claim: () => graph.keeper.join(),
  }
}

/** Throws CommandError where the queue plugin can be read only by a daemon. */
export async function queueOnDisk(found: Found): Promise<AsyncIterable<QueueRow>> {
  const { module, folder, package: name } = await keeperOf(found)
  if (!module.readQueue || folder === undefined) throw onlyRunning(name)
  return module.readQueue(folder)
}
const onlyRunning = (name: string): CommandError =>
  new CommandError(EX.UNAVAILABLE, `the queue of ${name} can be read only by a running daemon: "postern start" first`)

/** The store itself, opened and locked as the daemon would do it; for what a reader without locks cannot give. No plugin starts. */
export async function openQueue(found: Found): Promise<OpenQueue> {
  const { module, folder, package: name, store, claim } = await keeperOf(found)
  if (!module.readQueue || folder === undefined) throw onlyRunning(name)
  await mayWrite(folder)
  claim()
  const recovery = await store.queue.start(() => undefined)
  await recovery.done
  return { queue: store.queue, close: () => store.queue.stop().finally(() => store.close()) }
}
/** Files that root leaves in the folder would keep the daemon from its own queue. */
async function mayWrite(folder: string): Promise<void> {
  const there = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(EX.NOINPUT, `there is no queue: ${error.message}`)
  })
  if (there.uid !== process.getuid?.())
    throw new CommandError(
      EX.UNAVAILABLE,
      `${folder} belongs to uid ${there.uid}: run this as that user, or "postern start" first`,
    )
}

/** `undefined` where the plugin cannot verify. */
export async function verifier(found: Found): Promise<{ verify: VerifyQueue; folder: string } | { package: string }> {
  const { module, folder, package: name } = await keeperOf(found)
  return module.verifyQueue && folder !== undefined ? { verify: module.verifyQueue, folder } : { package: name }
}
