/** Aligned columns without lines around them; what is too wide is wrapped inside its column. */
import { wrap } from './wrap.ts'

export interface Column {
  readonly head: string
  readonly align?: 'right'
  /** the column is not made narrower than this; default 8 */
  readonly min?: number
}
const GAP = 2
const ROOM = 8

/** A head line and one or more lines for each row. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], total: number): string[] {
  const widths = fit(columns, rows, total)
  const heads = columns.map((c) => c.head)
  return [heads, ...rows].flatMap((cells) => tableRow(columns, widths, cells))
}

/** The widths that fit in `total`: the widest column gives way first. */
export function fit(columns: readonly Column[], rows: readonly (readonly string[])[], total: number): number[] {
  const widths = columns.map((c, i) => Math.max(c.head.length, ...rows.map((r) => longest(r[i] ?? ''))))
  const least = columns.map((c, i) => Math.min(widths[i]!, Math.max(c.min ?? ROOM, c.head.length)))
  let over = widths.reduce((sum, w) => sum + w, 0) + GAP * (columns.length - 1) - total
  for (; over > 0; over--) {
    const spare = widths.map((w, i) => (w > least[i]! ? w : 0))
    const widest = spare.indexOf(Math.max(...spare))
    if (spare[widest] === 0) break
    widths[widest]!--
  }
  // what was wrapped at words may need less than it was given
  return widths.map((w, i) => Math.max(columns[i]!.head.length, ...rows.map((r) => longest(r[i] ?? '', w))))
}
const longest = (cell: string, width = Infinity): number => Math.max(...wrap(cell, width).map((l) => l.length))

/** One row as lines; used alone where rows come one by one. */
export function tableRow(columns: readonly Column[], widths: readonly number[], cells: readonly string[]): string[] {
  const wrapped = columns.map((_, i) => wrap(cells[i] ?? '', widths[i]!))
  const height = Math.max(...wrapped.map((w) => w.length))
  return Array.from({ length: height }, (_, y) =>
    columns
      .map((c, i) =>
        c.align === 'right' ? (wrapped[i]![y] ?? '').padStart(widths[i]!) : (wrapped[i]![y] ?? '').padEnd(widths[i]!),
      )
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
}
