/** `postern queue list` */
import { findConfig } from '../../config.ts'
import type { ReportOptions } from '../../program/options.ts'
import { Listing } from '../../queue/listing.ts'
import { queueSource } from '../../queue/source.ts'
import { terminalWidth } from '../../text/paint.ts'
import { printer } from '../print.ts'
import { queryOf } from './filters.ts'
import type { FilterOptions } from './filters.ts'

/** Rows are printed as they come: a queue may be larger than memory. With --json, one object a line. */
export async function list(o: ReportOptions & FilterOptions & { readonly limit?: number }): Promise<void> {
  const query = queryOf(o) ?? {}
  const source = await queueSource(await findConfig(o.config))
  const listing = new Listing(terminalWidth(), Date.now())
  const out = printer()
  const rows = source.list(query, o.limit)
  let next = await rows.next()
  try {
    for (; !next.done; next = await rows.next())
      await out.add(o.json ? JSON.stringify(next.value) + '\n' : listing.lines(next.value).join('\n') + '\n')
  } finally {
    await out.flush()
  }
  const isFiltered = Object.keys(query).length > 0
  if (!o.json) await out.add(listing.summary(next.value.more, isFiltered) + '\n')
  await out.flush()
}
