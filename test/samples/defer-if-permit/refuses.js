import { definePlugin, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'refuses',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) => (recipient.local === 'no' ? refuse('5.7.1', 'Never') : undefined))
  },
})
