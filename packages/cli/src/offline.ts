/** The queue of a daemon that is down, read by the plugin that keeps it. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkOptions, createNode, queueStore, silentSink } from '@postern/core'
import { bundledFrom } from './config.ts'
import type { Found } from './config.ts'
import type { QueueRow } from './control/protocol.ts'
import { CommandError, EX } from './exit.ts'

/** What a queue plugin may export beside itself: its messages, read without locking or changing anything. */
type ReadQueue = (folder: string) => AsyncIterable<QueueRow>

/** Throws CommandError where the queue plugin can be read only by a daemon. */
export async function queueOnDisk(found: Found): Promise<AsyncIterable<QueueRow>> {
  const { graph } = await createNode(found.loaded, { log: silentSink, resolveFrom: bundledFrom() })
  const keeper = graph.collection.provided.find((p) => p.role.id === queueStore.id)!.use.name
  const use = graph.uses.find((u) => u.name === keeper)!
  const options = checkOptions(use.definition.options, use.options, { file: use.file, path: use.path }).value as {
    path?: unknown
  }
  const module = use.module.startsWith('(')
    ? {}
    : ((await import(pathToFileURL(use.module).href)) as { readQueue?: ReadQueue })
  if (typeof module.readQueue !== 'function' || typeof options.path !== 'string')
    throw new CommandError(
      EX.UNAVAILABLE,
      `the queue of ${use.package} can be read only by a running daemon: "postern start" first`,
    )
  return module.readQueue(path.resolve(graph.settings.spool, options.path))
}
