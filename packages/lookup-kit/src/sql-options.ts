/** What the tables of all SQL servers have in common in their options. */
import { z } from 'zod'
import { templateProblem } from './template.ts'
import { count, list } from './values.ts'

const template = () =>
  z.string().superRefine((text, context) => {
    const problem = templateProblem(text)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })

/** Options of mysql_table(5), pgsql_table(5) and sqlite_table(5) that say what is asked and what comes back. */
export const sqlOptions = {
  query: template().default('').describe("the query, with '%s' and its likes in quotes"),
  table: z.string().default('').describe('instead of `query`: the table or view'),
  selectField: z.string().default('').describe('instead of `query`: the column that is the value'),
  whereField: z.string().default('').describe('instead of `query`: the column that is compared with the key'),
  additionalConditions: template()
    .default('')
    .describe("instead of `query`: appended to it, e.g. `and status = 'paid'`"),
  resultFormat: template().pipe(z.string().min(1)).default('%s').describe('what is made of each value'),
  domain: list()
    .default([])
    .describe('only addresses in these domains are looked up: domains, `/file` with some, `type:table`; `!` takes out'),
  expansionLimit: count().default(0).describe('values above which a lookup fails; 0: no limit'),
}
interface Query {
  readonly query: string
  readonly table: string
  readonly selectField: string
  readonly whereField: string
  readonly additionalConditions: string
}

/** The template of the query, from the old options where there is no new one. Throws when options are missing. */
export function sqlQuery(o: Query): string {
  if (o.query !== '') return o.query
  const names = { table: o.table, select_field: o.selectField, where_field: o.whereField }
  for (const [name, value] of Object.entries(names))
    if (value === '') throw new Error(`${name}: is missing, and there is no query`)
  return `SELECT ${o.selectField} FROM ${o.table} WHERE ${o.whereField}='%s' ${o.additionalConditions}`.trim()
}
