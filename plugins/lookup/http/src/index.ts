/** Table types `http` and `https`: a GET or a POST for each key, and JSON back. */
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { TableType } from '@postern/core'
import { z } from 'zod'
import { optionsOf } from './options.ts'
import { HttpTable } from './table.ts'

const typeNamed = (name: 'http' | 'https'): TableType => ({
  async open(source, context) {
    const options = await optionsOf(name, source)
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
