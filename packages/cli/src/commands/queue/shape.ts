/** `postern queue shape` */
import { findConfig } from '../../config.ts'
import type { ReportOptions } from '../../program/options.ts'
import { BUCKETS } from '../../queue/shape.ts'
import type { ShapeRow } from '../../queue/shape.ts'
import { queueSource } from '../../queue/source.ts'
import { STATES } from '../../queue/query.ts'
import { table } from '../../text/table.ts'
import { print, printJson } from '../print.ts'
import { queryOf } from './filters.ts'
import type { FilterOptions } from './filters.ts'

export interface ShapeOptions extends ReportOptions, Omit<FilterOptions, 'state' | 'sender'> {
  /** by the senders' domains */
  readonly sender?: boolean
  readonly active?: boolean
  readonly deferred?: boolean
  readonly held?: boolean
  readonly limit?: number
}
/** The widths that a name may take: it is cut before the numbers are. */
const NAME = 40

export async function shape(o: ShapeOptions): Promise<void> {
  const states = STATES.filter((s) => o[s])
  const query = queryOf({ ...o, sender: undefined, state: states.length > 0 ? states : undefined }) ?? {}
  const source = await queueSource(await findConfig(o.config))
  const counted = await source.shape(query, o.sender ? 'sender' : 'recipient')
  const rows = counted.rows().slice(0, o.limit)
  if (o.json) printJson({ minutes: BUCKETS, total: counted.total().counts, domains: rows })
  else print(shapeLines([counted.total(), ...rows]))
}
const HEADS = ['', 'T', ...BUCKETS.map(String), `${BUCKETS.at(-1)}+`]

export function shapeLines(rows: readonly ShapeRow[]): string[] {
  const columns = HEADS.map((head) => ({ head, align: 'right' as const, min: 1 }))
  const cells = rows.map(({ domain, counts }) => [shortened(domain), ...counts.map(String)])
  return table(columns, cells, Infinity)
}
/** A domain is known by its end. */
const shortened = (domain: string): string => (domain.length > NAME ? `+${domain.slice(1 - NAME)}` : domain)
