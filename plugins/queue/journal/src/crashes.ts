/** Mail that kills the process that delivers it would do so for ever: crashes are counted on disk, and end in a hold. */
import { ADMIN, CRASH } from './frame.ts'
import { applyAdmin, applyCrash } from './state.ts'
import type { AdminData, CrashData } from './envelope.ts'
import type { Journal } from './journal.ts'
import type { JournalOptions } from './options.ts'

const LIMIT = 3

/** `tried`: messages with an attempt and no outcome behind it, when the process ended without order. */
export function recordCrashes(
  { rows, writer }: Pick<Journal, 'rows' | 'writer'>,
  tried: ReadonlySet<number>,
  { crashLimit = LIMIT, log, now }: Pick<JournalOptions, 'crashLimit' | 'log' | 'now'>,
): void {
  for (const slot of tried) {
    const data: CrashData = { c: rows.crashes(slot) + 1 }
    applyCrash(rows, slot, data)
    writer.batch.json(CRASH, slot, data, false)
    log.warn('queue.crashed', { message: rows.id(slot), times: data.c })
    if (data.c >= crashLimit && !rows.held(slot)) {
      const hold: AdminData = {
        action: 'hold',
        who: 'queue',
        why: `crashed ${data.c} ${data.c === 1 ? 'time' : 'times'} during delivery`,
      }
      const time = now()
      applyAdmin(rows, slot, hold, time)
      writer.batch.json(ADMIN, slot, hold, false, undefined, time)
    }
    writer.added(true)
  }
}
