import { definePlugin, edits, envelope } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'sender',
  options: z.strictObject({}),
  apply(mta) {
    mta.mail.tap(({ sender }) =>
      sender.local === 'alias' ? edits([envelope.setSender('real@site.example')]) : undefined,
    )
  },
})
