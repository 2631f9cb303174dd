/** `postern queue ...` */
import { userInfo } from 'node:os'
import { findConfig } from '../config.ts'
import { connectDaemon, needDaemon } from '../control/client.ts'
import type { AdminVerb, QueueRow, ShownMessage } from '../control/protocol.ts'
import { CommandError, EX } from '../exit.ts'
import { queueOnDisk } from '../offline.ts'
import type { ConfigOptions, ReportOptions } from '../program.ts'
import { terminalWidth } from '../text/paint.ts'
import { Listing } from '../queue/listing.ts'
import { messageLines } from '../queue/message.ts'
import { print, printJson } from './print.ts'

export interface AdminOptions extends ConfigOptions {
  readonly all?: boolean
  readonly why: string
}

/** Rows are printed as they come: a queue may be larger than memory. With --json, one object a line. */
export async function list(o: ReportOptions): Promise<void> {
  const found = await findConfig(o.config)
  const listing = new Listing(terminalWidth(), Date.now())
  const row = (entry: QueueRow) =>
    void process.stdout.write(o.json ? JSON.stringify(entry) + '\n' : listing.lines(entry).join('\n') + '\n')
  const daemon = await connectDaemon(found.spool)
  if (daemon) await daemon.ask('queue.list', {}, (entry) => row(entry as QueueRow))
  else {
    if (!o.json) process.stderr.write(`postern: no postern is running on ${found.spool}: reading the queue from disk\n`)
    for await (const entry of await queueOnDisk(found)) row(entry)
  }
  if (!o.json) print([listing.summary()])
}

export async function show(id: string, o: ReportOptions): Promise<void> {
  const found = await findConfig(o.config)
  const daemon = await connectDaemon(found.spool)
  const shown: ShownMessage = daemon ? await daemon.ask('queue.show', { id }) : { message: await onDisk(id, found) }
  if (o.json) printJson(shown)
  else print(messageLines(shown, terminalWidth(), Date.now()))
}
async function onDisk(id: string, found: Awaited<ReturnType<typeof findConfig>>): Promise<QueueRow> {
  for await (const entry of await queueOnDisk(found)) if (entry.id === id) return entry
  throw new CommandError(EX.NOINPUT, `there is no message ${id} in the queue`)
}

export async function flush(id: string | undefined, o: ConfigOptions): Promise<void> {
  const daemon = await needDaemon((await findConfig(o.config)).spool)
  await daemon.ask('queue.flush', { id })
  print([id === undefined ? 'every message that waits is tried now' : `${id} is tried now`])
}

export async function administer(action: AdminVerb, ids: readonly string[], o: AdminOptions): Promise<void> {
  if ((ids.length === 0) !== (o.all === true))
    throw new CommandError(EX.USAGE, `name the messages to ${action}, or say --all`)
  const daemon = await needDaemon((await findConfig(o.config)).spool)
  const who = userInfo().username
  const { done, unknown } = await daemon.ask('queue.admin', { action, ids, all: o.all, who, why: o.why })
  const past = { hold: 'held', release: 'released', delete: 'deleted' }[action]
  print([...done.map((id) => `${id} ${past}`), ...(done.length + unknown.length === 0 ? ['the queue is empty'] : [])])
  if (unknown.length === 0) return
  process.stderr.write(unknown.map((id) => `postern: there is no message ${id} in the queue\n`).join(''))
  process.exitCode = EX.NOINPUT
}
