/** Table type `inline`: the table stands in the configuration itself. */
import { absent, definePlugin, failed, found, tableTypes } from '@postern/core'
import type { Lookup, OpenTable, TableSource, TableType } from '@postern/core'
import { z } from 'zod'
import { entriesOf, parseInline } from './parse.ts'
import type { InlineResult } from './parse.ts'

export { entriesOf, parseInline }
export type { InlineResult }

const tableOptions = z.strictObject({
  map: z
    .record(z.string().min(1, 'expected a key'), z.union([z.string(), z.number(), z.boolean()]))
    .describe('keys and their values; the case of keys does not count'),
})
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { inline: tableOptions }

const type: TableType = {
  options: tableOptions,
  open(source: TableSource): OpenTable {
    const parsed = typeof source.spec === 'string' ? parseInline(source.spec) : entriesOf(source.spec)
    if (!parsed.ok) {
      return { get: () => failed(parsed.problem, 'misconfigured'), check: () => parsed.problem }
    }
    const answers = new Map<string, Lookup>()
    for (const [key, value] of parsed.entries) answers.set(key.toLowerCase(), found(value))
    return { get: (key) => answers.get(key.toLowerCase()) ?? absent() }
  },
}

export default definePlugin({
  name: 'lookup-inline',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'inline', type)
  },
})
