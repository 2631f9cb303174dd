/** What stood before a record that a power failure took out of a tail: nobody but the log itself knows. */
import { PAD } from './frame.ts'
import { hop } from './hop.ts'
import type { Place } from './extra.ts'
import type { Rows } from './rows.ts'
import type { Segment } from './segment.ts'

export interface Log {
  readonly rows: Rows
  /** one that stays for now */
  readonly segment: (number: number) => Segment | undefined
}
/** The message's last record before `torn`; `undefined`: there is none, or that record is not torn but gone. */
export async function placeBefore(slot: number, torn: Place, { rows, segment }: Log): Promise<Place | undefined> {
  const tail = segment(torn.segment)
  // what failed in this process stands elsewhere by now: the row knows where
  if (!tail || tail.failed || torn.offset < tail.mark) return undefined
  const [high, low] = [rows.high(slot), rows.low(slot)]
  for (let number = torn.segment; number > 0 && number >= rows.segment(slot); number--) {
    const one = segment(number)
    if (!one) continue
    const to = number === torn.segment ? torn.offset : one.failed ? one.mark : undefined
    const offset = await lastOf(one, high, low, to)
    if (offset !== undefined) return { segment: number, offset }
  }
  return undefined
}
/** The message's last record in a segment that begins before `to`. */
async function lastOf(segment: Segment, high: number, low: number, to?: number): Promise<number | undefined> {
  let last: number | undefined
  segment.pins++
  try {
    await hop(segment, {
      number: segment.number,
      epoch: segment.epoch,
      to,
      frame: (at, _end, header) => {
        if (header.type !== PAD && header.high === high && header.low === low) last = at
      },
      gap: () => undefined,
    })
  } finally {
    segment.pins--
  }
  return last
}
