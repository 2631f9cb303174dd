/** `postern table check` */
import { createNode } from '@postern/core'
import { bundledFrom, findConfig } from '../../config.ts'
import { EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import { terminalWidth } from '../../text/paint.ts'
import { table } from '../../text/table.ts'
import { shortWhere } from '../../text/where.ts'
import { print, printJson } from '../print.ts'
import { definitionOf, quiet, withTables } from './opened.ts'

interface Checked {
  readonly table: string
  /** where the configuration names it first */
  readonly where?: string
  readonly problem?: string
}
const COLUMNS = [{ head: 'TABLE', min: 20 }, { head: 'STATE', min: 20 }, { head: 'WHERE' }]

/** 65 when one cannot be used. */
export async function check(names: readonly string[], o: ReportOptions): Promise<void> {
  const checked = names.length > 0 ? await named(names, o.config) : await configured(o.config)
  if (checked.some((t) => t.problem !== undefined)) process.exitCode = EX.DATAERR
  if (o.json) printJson(checked)
  else if (checked.length === 0) print(['the configuration names no table'])
  else print(table(COLUMNS, checked.map(cells), terminalWidth()))
}
const cells = ({ table: name, problem, where }: Checked): string[] => [
  name,
  problem?.replace(`${name}: `, '') ?? 'ok',
  where === undefined ? '-' : shortWhere(where),
]

function named(names: readonly string[], config: string | undefined): Promise<Checked[]> {
  return withTables(
    config,
    async ({ tables }) => {
      const all: Checked[] = []
      for (const name of names) {
        const { problem } = await tables.open(definitionOf(name), process.cwd())
        all.push({ table: name, problem })
      }
      return all
    },
    quiet,
  )
}
/** Every table of the configuration, with those that others are made of: opened as the daemon would, by a node that is never started. */
async function configured(config: string | undefined): Promise<Checked[]> {
  const { loaded } = await findConfig(config)
  const node = await createNode(loaded, { log: quiet, resolveFrom: bundledFrom() })
  await node.startDry()
  try {
    return [...node.graph.collection.tables.all()].map((t) => ({
      table: t.name,
      where: t.use.where,
      problem: t.problem,
    }))
  } finally {
    await node.stopDry()
  }
}
