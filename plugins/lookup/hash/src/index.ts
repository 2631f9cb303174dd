/** Table types `hash` and `texthash`: a text file of `key value` lines, held in memory, followed when it changes. */
import { resolve } from 'node:path'
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { OpenTable, TableContext, TableSource, TableType } from '@postern/core'
import { z } from 'zod'
import { FileTable } from './table.ts'

export { parse } from './load.ts'
export type { LineProblem } from './parse.ts'

const typeNamed = (name: string): TableType => ({
  async open(source: TableSource, context: TableContext): Promise<OpenTable> {
    if (typeof source.spec !== 'string' || source.spec === '') {
      const problem = `${name} table without a file name; need "${name}:/path/to/file"`
      return { get: () => failed(problem, 'misconfigured'), check: () => problem }
    }
    const table = new FileTable(`${name}:${source.spec}`, resolve(source.folder, source.spec), context)
    await table.refresh()
    return table
  },
})

export default definePlugin({
  name: 'lookup-hash',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    // one text format for both: what Postfix compiles for `hash` is read as it stands
    mta.provideNamed(tableTypes, 'hash', typeNamed('hash'))
    mta.provideNamed(tableTypes, 'texthash', typeNamed('texthash'))
  },
})
