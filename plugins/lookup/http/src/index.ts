/** Table types `http` and `https`: a GET or a POST for each key, and JSON back. */
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { TableType } from '@postern/core'
import { domainParts } from '@postern/lookup-kit'
import { z } from 'zod'
import { isUrl, optionsOf, tableOptions } from './options.ts'
import { HttpTable } from './table.ts'

/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { http: tableOptions, https: tableOptions }

const typeNamed = (name: 'http' | 'https'): TableType => ({
  options: tableOptions,
  // a URL is no file with parameters
  parts: (source) => (isUrl(source.spec) ? [] : domainParts(source)),
  async open(source, context) {
    const options = await optionsOf(name, source, context.parts)
    if (typeof options !== 'string') return new HttpTable(options, context)
    return { get: () => failed(options, 'misconfigured'), check: () => options }
  },
})

export default definePlugin({
  name: 'lookup-http',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    // two names, so that a URL as it is written is a table
    mta.provideNamed(tableTypes, 'http', typeNamed('http'))
    mta.provideNamed(tableTypes, 'https', typeNamed('https'))
  },
})
