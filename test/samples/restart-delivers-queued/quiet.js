import { definePlugin, defer } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'quiet',
  options: z.strictObject({}),
  apply(mta) {
    let fresh = false
    mta.on.received.tap(() => {
      fresh = true
    })
    // the process that took the mail does not deliver it
    mta.attempt.tap(() => (fresh ? defer('4.0.0', 'quiet hours') : undefined))
  },
})
