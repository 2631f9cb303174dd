import { definePlugin, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'only',
  options: z.strictObject({}),
  apply(mta) {
    mta.mail.tap(({ sender }) => (sender.domain === 'site.example' ? undefined : refuse('5.7.1', 'Own senders only')))
  },
})
