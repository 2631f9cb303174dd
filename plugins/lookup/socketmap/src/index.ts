/** Table type `socketmap`: maps of a server that speaks Sendmail's socketmap protocol. */
import { definePlugin, failed, tableTypes } from '@postern/core'
import { optionsOf, pluginOptions, tableOptions } from './options.ts'
import { SocketmapTable } from './table.ts'

/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { socketmap: tableOptions }

export default definePlugin({
  name: 'lookup-socketmap',
  options: pluginOptions,
  provides: [tableTypes],
  apply(mta, defaults) {
    mta.provideNamed(tableTypes, 'socketmap', {
      async open(source, context) {
        const options = await optionsOf(source, defaults)
        if (typeof options !== 'string') return new SocketmapTable(options, context)
        return { get: () => failed(options, 'misconfigured'), check: () => options }
      },
    })
  },
})
