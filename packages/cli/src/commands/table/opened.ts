/** Tables of a command line: `type:name` or a JSON object, in the working folder, by the configuration's plugins. */
import { silentSink } from '@postern/core'
import type { DeskTable, LogSink, TableDefinition } from '@postern/core'
import { bundledFrom, findConfig } from '../../config.ts'
import { CommandError, EX } from '../../exit.ts'
import { warn } from '../print.ts'
import { tableLog } from './log.ts'
import { Tables } from './tables.ts'

export interface Asked {
  readonly tables: Tables
  /** throws CommandError when it cannot be used */
  open(text: string): Promise<DeskTable>
}
/** Runs `work`, and closes what it opened. */
export async function withTables<T>(
  config: string | undefined,
  work: (asked: Asked) => Promise<T>,
  log: LogSink = warnings,
): Promise<T> {
  const { loaded } = await findConfig(config)
  const tables = new Tables(loaded, { log, resolveFrom: bundledFrom() })
  try {
    return await work({ tables, open: (text) => opened(tables, text) })
  } finally {
    await tables.close()
  }
}
async function opened(tables: Tables, text: string): Promise<DeskTable> {
  const table = await tables.open(definitionOf(text), process.cwd())
  if (table.problem === undefined) return table
  throw new CommandError(EX.DATAERR, about(table.name, table.problem))
}
/** Throws CommandError for what is neither `type:name` nor a JSON object with a `type`. */
export function definitionOf(text: string): TableDefinition {
  if (/^[a-z][\w-]*:/i.test(text)) return text
  const wrong = () =>
    new CommandError(EX.USAGE, `expected a table as type:name, or {"type": ...} as JSON, got "${text}"`)
  if (!text.startsWith('{')) throw wrong()
  try {
    const value = JSON.parse(text) as { type?: unknown }
    if (typeof value.type === 'string') return value as TableDefinition
  } catch {
    // said below
  }
  throw wrong()
}
/** A problem names its table already, or does not. */
export const about = (name: string, problem: string): string =>
  problem.includes(name) ? problem : `${name}: ${problem}`

const warnings = tableLog((text) => warn([`warning: ${text}`]))
export const quiet = silentSink
