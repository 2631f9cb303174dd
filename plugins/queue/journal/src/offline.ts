/** The queue of a journal that nobody has open, for listings. */
import { join } from 'node:path'
import { logger, silentSink } from '@postern/core'
import { Reader } from './reader.ts'
import { Recipients } from './recipients.ts'
import { Rows } from './rows.ts'
import { findCheckpoints, restoreCheckpoint } from './checkpoint.ts'
import { findMissing } from './orphans.ts'
import { listRows } from './listing.ts'
import { look } from './look.ts'
import { partsIn, uuidOf } from './part.ts'
import { recover } from './recover.ts'
import type { QueueEntry } from '@postern/core'

/**
 * Reads the queue under `path` (the journal's folder) without locking or changing anything. While a daemon runs, ask the
 * daemon: what it is writing may show as missing here. `problems` gets a line for everything that cannot be read.
 */
export async function* readQueue(path: string, problems: string[] = []): AsyncGenerator<QueueEntry> {
  for (const name of partsIn(path)) yield* readPart(join(path, 'parts', name), uuidOf(name), problems)
}
async function* readPart(folder: string, uuid: string, problems: string[]): AsyncGenerator<QueueEntry> {
  const log = logger(() => silentSink)
  const seen = () => undefined
  const found = await look({ folder, uuid, readOnly: true, seen })
  const segments = new Map(found.opened.map(({ segment }) => [segment.number, segment]))
  try {
    const checkpoints = await findCheckpoints(folder, uuid, found.opened)
    const rows = new Rows()
    const reserved = Math.max(0, ...checkpoints.map(({ header }) => header.top))
    rows.reserve(reserved)
    const from = await restoreCheckpoint(checkpoints, rows, reserved, found.opened)
    await recover({ folder, readOnly: true, log, rows, found, problems, from, seen })
    const missing = (slot: number) => rows.hold(slot, { by: 'queue', reason: 'body file is missing', at: Date.now() })
    await findMissing({ folder, rows, problems, log, missing })
    const segment = (number: number) => segments.get(number)
    const reader = new Reader({ part: folder, rows, segment, log, problems, readOnly: true })
    yield* listRows({ rows, reader, recipients: new Recipients(rows, reader) })
  } finally {
    for (const segment of segments.values()) segment.close()
  }
}
