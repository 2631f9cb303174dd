/** `postern table build` */
import type { TableBuilt } from '@postern/core'
import { CommandError, EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import { shortWhere } from '../../text/where.ts'
import { print, printJson, warn } from '../print.ts'
import { about, definitionOf, withTables } from './opened.ts'
import type { Tables } from './tables.ts'

export async function build(names: readonly string[], o: ReportOptions): Promise<void> {
  await withTables(o.config, async ({ tables }) => {
    const all: (TableBuilt & { table: string })[] = []
    for (const name of names) {
      const built = await buildOne(tables, name)
      all.push({ table: name, ...built })
      if (o.json) continue
      warn(built.problems.map((p) => `warning: ${p}`))
      const files = built.files.map((f) => shortWhere(f)).join(', ')
      print([`${name}: ${built.entries} ${built.entries === 1 ? 'entry' : 'entries'}${files && ` in ${files}`}`])
    }
    if (o.json) printJson(all)
  })
}
async function buildOne(tables: Tables, name: string): Promise<TableBuilt> {
  const { type, source, context } = await tables.type(definitionOf(name), process.cwd())
  if (!type.build)
    throw new CommandError(EX.USAGE, `${name}: nothing to build: lookups read what people write, or ask a server`)
  try {
    return await type.build(source, context)
  } catch (error) {
    throw new CommandError(EX.DATAERR, about(name, (error as Error).message))
  }
}
