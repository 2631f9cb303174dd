/** Table type `cidr`: the first rule whose network holds the address gives the answer. */
import { resolve } from 'node:path'
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { OpenTable, TableContext, TableSource, TableType } from '@postern/core'
import { z } from 'zod'
import { inlineText, rulesOptions, rulesText, RuleTable } from '@postern/lookup-kit'
import { readRules, search } from './rules.ts'

/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { cidr: rulesOptions }

const type: TableType = {
  options: rulesOptions,
  async open(source: TableSource, context: TableContext): Promise<OpenTable> {
    const { spec } = source
    const wrong = (problem: string): OpenTable => ({
      pattern: true,
      get: (key) => (key === '' ? { kind: 'absent' } : failed(problem, 'misconfigured')),
      check: () => problem,
    })
    if (spec === '') return wrong('cidr table without a file name; need "cidr:/path/to/file"')
    const inline = typeof spec !== 'string' ? rulesText('cidr', spec) : spec.startsWith('{') && inlineText('cidr', spec)
    if (inline && 'problem' in inline) return wrong(inline.problem)
    const table = new RuleTable(
      {
        name: inline ? `cidr:(in ${source.where})` : `cidr:${spec as string}`,
        from: inline ? inline : { path: resolve(source.folder, spec as string) },
        read: readRules,
        get: search,
        stats: ({ rules }) => ({ rules }),
      },
      context,
    )
    await table.refresh()
    return table
  },
}

export default definePlugin({
  name: 'lookup-cidr',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'cidr', type)
  },
})
