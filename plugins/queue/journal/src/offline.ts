/** The queue of a journal that nobody has open, for listings. */
import { join } from 'node:path'
import { BodyDamaged, logger, silentSink } from '@postern/core'
import { Reader } from './reader.ts'
import { factsOf } from './store.ts'
import { findPart } from './part.ts'
import { holdMissing } from './orphans.ts'
import { recipientsOf } from './row.ts'
import { recover } from './recover.ts'
import type { QueueEntry } from '@postern/core'

/**
 * Reads the queue under `path` (the journal's folder) without locking or changing anything. While a daemon runs, ask the
 * daemon: what it is writing may show as missing here. `problems` gets a line for everything that cannot be read.
 */
export async function* readQueue(path: string, problems: string[] = []): AsyncGenerator<QueueEntry> {
  const name = findPart(path)
  if (!name) return
  const folder = join(path, 'parts', name)
  const log = logger(() => silentSink)
  const found = await recover({ folder, uuid: name.replaceAll('-', ''), readOnly: true, log, seen: () => undefined })
  try {
    problems.push(...found.problems)
    holdMissing({ folder, rows: found.rows, problems, log })
    const reader = new Reader(folder, log, problems, true)
    for (const row of found.rows.values()) {
      const data = await reader.envelope(row).catch((error: unknown) => {
        if (error instanceof BodyDamaged) return undefined
        throw error
      })
      if (data) yield { ...factsOf(row), envelope: data.e, recipients: recipientsOf(row, data.r), size: row.size }
    }
  } finally {
    for (const segment of found.segments) segment.close()
  }
}
