/** Table types `regexp` and `pcre`: the first rule whose pattern matches gives the answer. */
import { resolve } from 'node:path'
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { OpenTable, TableContext, TableSource, TableType } from '@postern/core'
import { z } from 'zod'
import { chooseEngine } from './engine.ts'
import type { EngineChoice } from './engine.ts'
import { inlineText, rulesOptions, rulesText, RuleTable } from '@postern/lookup-kit'
import { readProgram } from './program.ts'
import type { Notation } from './rule.ts'
import { search } from './search.ts'

/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { regexp: rulesOptions, pcre: rulesOptions }

const typeNamed = (notation: Notation, choice: EngineChoice): TableType => ({
  options: rulesOptions,
  async open(source: TableSource, context: TableContext): Promise<OpenTable> {
    const { spec, substitution = true } = source
    const wrong = (problem: string): OpenTable => ({
      pattern: true,
      get: (key) => (key === '' ? { kind: 'absent' } : failed(problem, 'misconfigured')),
      check: () => problem,
    })
    if (spec === '') return wrong(`${notation} table without a file name; need "${notation}:/path/to/file"`)
    const engine = await chooseEngine(choice)
    if (!engine) return wrong('the engine re2 cannot be loaded: npm install re2, or leave the option "engine" out')
    const inline =
      typeof spec !== 'string' ? rulesText(notation, spec) : spec.startsWith('{') && inlineText(notation, spec)
    if (inline && 'problem' in inline) return wrong(inline.problem)
    const name = inline ? `${notation}:(in ${source.where})` : `${notation}:${spec as string}`
    const table = new RuleTable(
      {
        name,
        from: inline ? inline : { path: resolve(source.folder, spec as string) },
        read: (text) => readProgram({ notation, substitution }, text, engine),
        get: (program, key) => search(name, program, key),
        stats: ({ rules }) => ({ rules, [engine.name]: 1 }),
      },
      context,
    )
    await table.refresh()
    return table
  },
})

export default definePlugin({
  name: 'lookup-regexp',
  options: z.strictObject({
    engine: z
      .enum(['auto', 're2', 're2js'])
      .default('auto')
      .describe('what searches: `auto` is re2 where it is installed, re2js elsewhere'),
  }),
  provides: [tableTypes],
  apply(mta, { engine }) {
    mta.provideNamed(tableTypes, 'regexp', typeNamed('regexp', engine))
    mta.provideNamed(tableTypes, 'pcre', typeNamed('pcre', engine))
  },
})
