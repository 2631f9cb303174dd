import { definePlugin, edits, hold } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'hold',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) => (recipient.local === 'held' ? edits([hold('looks odd')]) : undefined))
  },
})
