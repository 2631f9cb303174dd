/** `postern plugins` */
import type { PluginLine } from '@postern/core'
import type { SourceOptions } from '../program/options.ts'
import { sourceFor } from '../source.ts'
import { terminalWidth } from '../text/paint.ts'
import { table } from '../text/table.ts'
import { whereIn } from '../text/where.ts'
import { print, printJson } from './print.ts'

const COLUMNS = [
  { head: 'USE' },
  { head: 'PLUGIN', min: 31 },
  { head: 'PROVIDES', min: 14 },
  { head: 'TAPS', min: 16 },
  { head: 'WHERE', min: 12 },
]

export async function plugins(o: SourceOptions): Promise<void> {
  const source = await sourceFor(o)
  const lines = await source.plugins()
  if (o.json) printJson(lines)
  else
    print([
      `Plugins of ${source.name}`,
      '',
      ...table(
        COLUMNS,
        lines.map((l) => cells(l, source.file)),
        terminalWidth(),
      ),
    ])
}
const cells = (p: PluginLine, file: string): string[] => [
  p.use,
  `${p.package}@${p.version}`,
  p.provides.join(', ') || '-',
  p.taps.join(', ') || '-',
  whereIn(file, p.where),
]
