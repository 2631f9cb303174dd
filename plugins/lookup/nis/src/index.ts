/** Table type `nis`: maps of the Network Information Service (YP). */
import { definePlugin, failed, tableTypes } from '@postern/core'
import { optionsOf, pluginOptions, tableOptions } from './options.ts'
import { NisTable } from './table.ts'

/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { nis: tableOptions }

export default definePlugin({
  name: 'lookup-nis',
  options: pluginOptions,
  provides: [tableTypes],
  apply(mta, defaults) {
    mta.provideNamed(tableTypes, 'nis', {
      options: tableOptions,
      async open(source, context) {
        const options = await optionsOf(source, defaults)
        if (typeof options !== 'string') return new NisTable(options, context)
        return { get: () => failed(options, 'misconfigured'), check: () => options }
      },
    })
  },
})
