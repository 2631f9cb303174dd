import { definePlugin, hangUp } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'hangs',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(({ recipient }) => (recipient.local === 'trap' ? hangUp('4.7.0', 'Go away') : undefined))
  },
})
