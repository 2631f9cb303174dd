/** `postern pipeline` */
import type { PipelineHook, PipelineTap } from '@postern/core'
import type { SourceOptions } from '../program/options.ts'
import { sourceFor } from '../source.ts'
import { paintFor, terminalWidth } from '../text/paint.ts'
import { fit, tableRow } from '../text/table.ts'
import { whereIn } from '../text/where.ts'
import { wrap } from '../text/wrap.ts'
import { print, printJson } from './print.ts'

const COLUMNS = [{ head: 'hook' }, { head: 'use' }, { head: 'plugin' }, { head: 'config' }, { head: '' }]

export async function pipeline(o: SourceOptions): Promise<void> {
  const source = await sourceFor(o)
  const hooks = await source.pipeline()
  if (o.json) printJson(hooks)
  else print([`Pipeline of ${source.name}`, ...pipelineLines(hooks, source.file, terminalWidth())])
}

/** A block for each listener and one for the whole node; hooks that nobody taps in one line. */
export function pipelineLines(hooks: readonly PipelineHook[], file: string, width: number): string[] {
  const paint = paintFor(process.stdout)
  const scopes = [...new Set(hooks.map((h) => h.listener))]
  const rowsOf = (scope: string) =>
    hooks.filter((h) => h.listener === scope && h.taps.length > 0).flatMap((h) => hookRows(h, file))
  const widths = fit(COLUMNS, scopes.flatMap(rowsOf), width - 2)
  return scopes.flatMap((scope) => {
    const empty = hooks.filter((h) => h.listener === scope && h.taps.length === 0).map((h) => h.hook)
    const rows = rowsOf(scope).flatMap((row) => tableRow(COLUMNS, widths, row))
    const nobody = empty.length === 0 ? [] : wrap(`nobody at: ${empty.join(', ')}`, width - 2)
    return ['', paint.bold(heading(scope)), ...rows.map((l) => `  ${l}`), ...nobody.map((l) => paint.dim(`  ${l}`))]
  })
}
const heading = (scope: string): string => (scope === '(all)' ? 'behind the queue, for all mail' : `listener ${scope}`)

const hookRows = (h: PipelineHook, file: string): string[][] =>
  h.taps.map((t, i) => [
    i === 0 ? h.hook : '',
    t.tap === t.use || h.hook === 'deliver' ? t.use : `${t.use} (${t.tap})`,
    `${t.package}@${t.version}`,
    whereIn(file, t.where),
    remarks(h, t).join(', '),
  ])
/** Only what is not as usual. */
const remarks = (h: PipelineHook, t: PipelineTap): string[] => [
  ...(h.hook === 'deliver' ? [t.scope] : []),
  ...(t.phase === 'early' || t.phase === 'late' ? [t.phase] : []),
  ...(t.body === undefined ? [] : [`reads ${t.body === 'none' ? 'the envelope' : t.body}`]),
  ...(t.onFault === 'defer' ? [] : [`on fault: ${t.onFault}`]),
  ...(h.hook === 'deliver' || t.scope === 'all listeners' || t.scope === h.listener ? [] : [`only ${t.scope}`]),
]
