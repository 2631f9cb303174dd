/** Table type `static`: the same answer to every key. */
import { absent, definePlugin, failed, found, tableTypes } from '@postern/core'
import type { OpenTable, TableSource, TableType } from '@postern/core'
import { z } from 'zod'
import { staticValue } from './value.ts'

export { staticValue }

const NEED = 'need "static:VALUE", "static:{ VALUE }" or { type: static, value: VALUE }'

const tableOptions = z.strictObject({
  value: z
    .union([z.string().min(1, 'expected a value'), z.number()])
    .describe('the answer to every key but the empty one'),
})
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { static: tableOptions }

const type: TableType = {
  options: tableOptions,
  open(source: TableSource): OpenTable {
    const value = staticValue(source.spec)
    if (value === undefined) {
      const problem = `static table without a value; ${NEED}`
      return { get: () => failed(problem, 'misconfigured'), check: () => problem }
    }
    const answer = found(value)
    // Postfix asks no table for an empty key, and a value for it would give the null sender a mailbox
    return { get: (key) => (key === '' ? absent() : answer) }
  },
}

export default definePlugin({
  name: 'lookup-static',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'static', type)
  },
})
