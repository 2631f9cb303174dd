/** The queue as commands see it: the running daemon's, or what a stopped one left on the disk. */
import { BodyDamaged, messageSize } from '@postern/core'
import type { Found } from '../config.ts'
import { connectDaemon } from '../control/client.ts'
import type { Daemon } from '../control/client.ts'
import type { ExportRow, QueueRow, ShownMessage } from '../control/protocol.ts'
import { entryOf, shownFrom } from '../control/verbs/look.ts'
import { openQueue, queueOnDisk } from '../offline.ts'
import { contentOf } from './content.ts'
import type { QueueQuery } from './query.ts'
import { select } from './select.ts'
import { Shape } from './shape.ts'
import type { ShapeBy } from './shape.ts'

/** One message with its bytes, to be read to their end before the next one is asked for. */
export interface Whole {
  readonly message: QueueRow
  /** of content */
  readonly bytes: number
  /** throws BodyDamaged at its end where the queue holds it no longer as it was written */
  readonly content: AsyncIterable<Uint8Array>
}
export interface QueueSource {
  /** ends with whether the limit left any out */
  list(query: QueueQuery, limit?: number): AsyncGenerator<QueueRow, { readonly more: boolean }>
  shape(query: QueueQuery, by: ShapeBy): Promise<Shape>
  show(id: string): Promise<ShownMessage>
  wholes(query: QueueQuery): AsyncIterable<Whole>
}

/** Says on standard error when no daemon answers and the disk is read. */
export async function queueSource(found: Found): Promise<QueueSource> {
  const daemon = await connectDaemon(found.spool)
  if (daemon) return new RunningQueue(daemon)
  process.stderr.write(`postern: no postern is running on ${found.spool}: reading the queue from disk\n`)
  return new QueueAtRest(found)
}

export class RunningQueue implements QueueSource {
  readonly #daemon: Daemon
  constructor(daemon: Daemon) {
    this.#daemon = daemon
  }
  list(query: QueueQuery, limit?: number) {
    return this.#daemon.rows('queue.list', { query, limit })
  }
  async shape(query: QueueQuery, by: ShapeBy): Promise<Shape> {
    const shape = new Shape(Date.now())
    await this.#daemon.ask('queue.shape', { query, by }, (row) => shape.add(row))
    return shape
  }
  show(id: string): Promise<ShownMessage> {
    return this.#daemon.ask('queue.show', { id })
  }
  async *wholes(query: QueueQuery): AsyncGenerator<Whole> {
    const rows = this.#daemon.rows('queue.export', { query })
    try {
      for (;;) {
        const next = await rows.next()
        if (next.done) return
        if ('message' in next.value) yield { ...next.value, content: contentRows(rows) }
      }
    } finally {
      await rows.return({})
    }
  }
}
async function* contentRows(rows: AsyncGenerator<ExportRow>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await rows.next()
    if (next.done) return
    const row = next.value
    if ('content' in row) yield Buffer.from(row.content, 'base64')
    if ('end' in row && row.damaged !== undefined) throw new BodyDamaged(row.damaged)
    if ('end' in row) return
  }
}

export class QueueAtRest implements QueueSource {
  readonly #found: Found
  constructor(found: Found) {
    this.#found = found
  }
  async *#select(query: QueueQuery): AsyncGenerator<QueueRow> {
    const all = await queueOnDisk(this.#found)
    yield* select(() => all, { query, now: Date.now() })
  }
  async *list(query: QueueQuery, limit = Infinity) {
    let n = 0
    for await (const row of this.#select(query)) {
      if (n++ >= limit) return { more: true }
      yield row
    }
    return { more: false }
  }
  async shape(query: QueueQuery, by: ShapeBy): Promise<Shape> {
    const shape = new Shape(Date.now())
    for await (const row of this.#select(query)) shape.count(row, by)
    return shape
  }
  async show(id: string): Promise<ShownMessage> {
    const open = await openQueue(this.#found)
    try {
      return await shownFrom(open.queue, id)
    } finally {
      await open.close()
    }
  }
  async *wholes(query: QueueQuery): AsyncGenerator<Whole> {
    const open = await openQueue(this.#found)
    try {
      for await (const { id } of select((filter) => open.queue.list(filter), { query, now: Date.now() })) {
        const m = await open.queue.load(id)
        if (m) yield { message: entryOf(m), bytes: messageSize(m), content: contentOf(m) }
      }
    } finally {
      await open.close()
    }
  }
}
