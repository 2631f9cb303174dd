/** Table type `environ`: the variables of the process, as environ in Postfix. */
import { absent, definePlugin, failed, found, tableTypes } from '@postern/core'
import type { Lookup, OpenTable, TableType } from '@postern/core'
import { z } from 'zod'

function lookUp(key: string): Lookup {
  // keys are folded as for every table of Postfix: a variable whose name has a capital is not found
  const name = key.toLowerCase()
  // the system's call takes no such name
  if (name === '' || name.includes('\0') || name.includes('=')) return absent()
  // it has a __proto__ too
  const value = Object.hasOwn(process.env, name) ? process.env[name] : undefined
  if (value === undefined) return absent()
  // Postfix's maps_find() says the same of an empty value
  return value === '' ? failed(`environ: the variable ${name} is empty`, 'misconfigured') : found(value)
}
const tableOptions = z.strictObject({})
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { environ: tableOptions }

const type: TableType = {
  options: tableOptions,
  open({ spec }): OpenTable {
    if (typeof spec !== 'string' && Object.keys(spec).length > 0) {
      const problem = 'environ table: takes no options; need "environ:"'
      return { get: () => failed(problem, 'misconfigured'), check: () => problem }
    }
    return {
      get: lookUp,
      *entries() {
        for (const [name, value] of Object.entries(process.env))
          if (name === name.toLowerCase() && value) yield [name, value]
      },
    }
  },
}

export default definePlugin({
  name: 'lookup-environ',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'environ', type)
  },
})
