/** Table type `nis`: maps of the Network Information Service (YP). */
import { definePlugin, failed, tableTypes } from '@postern/core'
import { optionsOf, pluginOptions } from './options.ts'
import { NisTable } from './table.ts'

export default definePlugin({
  name: 'lookup-nis',
  options: pluginOptions,
  provides: [tableTypes],
  apply(mta, defaults) {
    mta.provideNamed(tableTypes, 'nis', {
      async open(source, context) {
        const options = await optionsOf(source, defaults)
        if (typeof options !== 'string') return new NisTable(options, context)
        return { get: () => failed(options, 'misconfigured'), check: () => options }
      },
    })
  },
})
