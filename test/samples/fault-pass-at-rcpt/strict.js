import { definePlugin, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'strict',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) => (recipient.local === 'bad' ? refuse('5.7.1', 'Not him') : undefined))
  },
})
