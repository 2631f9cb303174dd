/** Table type `cdb`: files that postmap(1) or `postern table build` made, read as they are. */
import { stat } from 'node:fs/promises'
import { compile, replaceFile } from '@postern/cdb'
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import { z } from 'zod'
import { sourceOf, tableOptions } from './source.ts'
import { CdbTable } from './table.ts'

/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { cdb: tableOptions }

const type: TableType = {
  options: tableOptions,
  async open(source, context): Promise<OpenTable> {
    const known = sourceOf(source)
    if (typeof known === 'string') return { get: () => failed(known, 'misconfigured'), check: () => known }
    const table = new CdbTable(known, context)
    await table.refresh()
    return table
  },
  async build(source) {
    const known = sourceOf(source)
    if (typeof known === 'string') throw new Error(known)
    const like = await stat(known.text)
    const { entries, problems } = await replaceFile(known.path, `${known.path}.new`, like, (file) =>
      compile(known.text, file, { format: known.format }),
    )
    return { entries, files: [known.path], problems: problems.lines(known.text) }
  },
}

export default definePlugin({
  name: 'lookup-cdb',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'cdb', type)
  },
})
