/** Table type `socketmap`: maps of a server that speaks Sendmail's socketmap protocol. */
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { TableContext } from '@postern/core'
import { RequestTable } from '@postern/lookup-kit'
import { optionsOf, pluginOptions, tableOptions } from './options.ts'
import type { SocketmapOptions } from './options.ts'
import { answerOf, netstring, request } from './protocol.ts'

/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { socketmap: tableOptions }

export default definePlugin({
  name: 'lookup-socketmap',
  options: pluginOptions,
  provides: [tableTypes],
  apply(mta, defaults) {
    mta.provideNamed(tableTypes, 'socketmap', {
      options: tableOptions,
      async open(source, context) {
        const options = await optionsOf(source, defaults)
        if (typeof options !== 'string') return tableOf(options, context)
        return { get: () => failed(options, 'misconfigured'), check: () => options }
      },
    })
  },
})

function tableOf(options: SocketmapOptions, context: TableContext): RequestTable {
  const { server, name: map, maxReply } = options
  return new RequestTable(
    {
      ...options,
      name: `socketmap:${server}:${map}`,
      parse: (bytes) => netstring(bytes, maxReply),
      request: (key) => request(map, key),
      answerOf,
    },
    context,
  )
}
