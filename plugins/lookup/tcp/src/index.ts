/** Table type `tcp`: a server that speaks Postfix's tcp_table protocol. */
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { TableContext } from '@postern/core'
import { RequestTable } from '@postern/lookup-kit'
import { optionsOf, pluginOptions, tableOptions } from './options.ts'
import type { TcpOptions } from './options.ts'
import { answerOf, line, request } from './protocol.ts'

/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { tcp: tableOptions }

export default definePlugin({
  name: 'lookup-tcp',
  options: pluginOptions,
  provides: [tableTypes],
  apply(mta, defaults) {
    mta.provideNamed(tableTypes, 'tcp', {
      options: tableOptions,
      async open(source, context) {
        const options = await optionsOf(source, defaults)
        if (typeof options !== 'string') return tableOf(options, context)
        return { get: () => failed(options, 'misconfigured'), check: () => options }
      },
    })
  },
})

const tableOf = (options: TcpOptions, context: TableContext) =>
  new RequestTable({ ...options, name: `tcp:${options.server}`, parse: line, request, answerOf }, context)
