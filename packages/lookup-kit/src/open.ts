/** Opens a table from a file or an object of options; what is wrong with those becomes a table that says so. */
import { failed } from '@postern/core'
import type { OpenTable, TableContext, TableSource } from '@postern/core'
import type { z } from 'zod'
import { readSource } from './source.ts'

/** Fails each request, and says why at start. */
export function brokenTable(problem: string): OpenTable {
  return { get: () => failed(problem, 'misconfigured'), check: () => problem }
}
/**
 * Reads the options and hands them to `make`, with a name for logs. Names in a file that the schema does not know are told
 * as warnings, `table.line`; what `make` throws, or is wrong with the options, makes a broken table.
 */
export async function openWith<S extends z.ZodObject>(
  type: string,
  source: TableSource,
  context: TableContext,
  schema: S,
  make: (options: z.output<S>, name: string) => OpenTable | Promise<OpenTable>,
): Promise<OpenTable> {
  const name = typeof source.spec === 'string' ? `${type}:${source.spec}` : `${type} table in ${source.where}`
  const read = await readSource(source, schema)
  if (!read.ok) return brokenTable(`${name}: ${read.problem}`)
  for (const problem of read.warnings) context.log.warn('table.line', { table: name, problem })
  try {
    return await make(read.options, name)
  } catch (error) {
    return brokenTable(`${name}: ${(error as Error).message}`)
  }
}
