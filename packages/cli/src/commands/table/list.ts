/** `postern table list` */
import { bundledFrom, findConfig } from '../../config.ts'
import type { Found } from '../../config.ts'
import { connectDaemon } from '../../control/client.ts'
import type { DaemonStatus } from '../../control/protocol.ts'
import type { ReportOptions } from '../../program/options.ts'
import { terminalWidth } from '../../text/paint.ts'
import { table } from '../../text/table.ts'
import { print, printJson } from '../print.ts'
import { quiet } from './opened.ts'
import { Tables, isInstalled } from './tables.ts'
import { BUNDLED } from './types.ts'

interface TypeLine {
  readonly type: string
  /** the bundled one that provides it; `undefined`: one of somebody else's */
  readonly package?: string
  readonly state: 'configured' | 'installed' | 'missing'
}
const TYPES = [{ head: 'TYPE' }, { head: 'PACKAGE', min: 24 }, { head: 'STATE', min: 24 }]
const RUNNING = [
  { head: 'TABLE', min: 20 },
  { head: 'STATE', min: 16 },
  { head: 'FIGURES', min: 16 },
]

export async function list(o: ReportOptions): Promise<void> {
  const found = await findConfig(o.config)
  const types = await typesOf(found)
  const tables = await runningTables(found)
  if (o.json) return printJson({ types, tables: tables ?? null })
  const width = terminalWidth()
  print(table(TYPES, types.map(typeCells), width))
  if (!tables) return print(['', 'No daemon runs: no figures.'])
  print([
    '',
    ...(tables.length === 0 ? ['The daemon uses no table.'] : table(RUNNING, tables.map(runningCells), width)),
  ])
}

async function typesOf(found: Found): Promise<TypeLine[]> {
  const folders = [found.loaded.folder, ...bundledFrom()]
  const tables = new Tables(found.loaded, { log: quiet, resolveFrom: bundledFrom() })
  try {
    const configured = await tables.types()
    const all = [...new Set([...configured, ...BUNDLED.keys()])].sort()
    return all.map((type) => {
      const name = BUNDLED.get(type)
      const isHere = name !== undefined && isInstalled(name, folders)
      const state = configured.includes(type) ? 'configured' : isHere ? 'installed' : 'missing'
      return { type, package: name, state }
    })
  } finally {
    await tables.close()
  }
}
/** `undefined`: no daemon answers. */
async function runningTables(found: Found): Promise<DaemonStatus['tables'] | undefined> {
  const daemon = await connectDaemon(found.spool)
  return daemon && (await daemon.ask('status', {})).tables
}
const WORDS = {
  configured: () => 'in the configuration',
  installed: () => 'for commands; not in the configuration',
  missing: (name: string) => `install ${name}`,
}
const typeCells = ({ type, package: name = '-', state }: TypeLine): string[] => [type, name, WORDS[state](name)]
const runningCells = ({ name, problem, stats = {} }: DaemonStatus['tables'][number]): string[] => [
  name,
  problem ?? 'ok',
  Object.entries(stats)
    .map(([what, n]) => `${what} ${n}`)
    .join(', ') || '-',
]
