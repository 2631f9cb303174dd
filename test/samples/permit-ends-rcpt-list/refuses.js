import { definePlugin, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'refuses',
  options: z.strictObject({}),
  apply(mta) {
    mta.rcpt.tap(() => refuse('5.7.1', 'nobody'))
  },
})
