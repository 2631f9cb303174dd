import { definePlugin, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'refuse',
  options: z.strictObject({}),
  apply(mta) {
    mta.mail.tap(() => refuse('5.7.1', 'nobody'))
  },
})
