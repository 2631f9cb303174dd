import { definePlugin, edits, envelope } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'filter',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) =>
      recipient.local === 'filtered' ? edits([envelope.routeAll('smtp', '[127.0.0.1]:@HOP@')]) : undefined,
    )
  },
})
