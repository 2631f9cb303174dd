/** Ends the process when it is to resolve or deliver one recipient's mail: a fault that no guard catches. */
import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'poison',
  options: z.strictObject({
    localpart: z.string().describe('whose mail is poison'),
    after: z
      .int()
      .nonnegative()
      .optional()
      .describe('ms from the attempt to the end; 0: in the tap itself; none: while it is resolved'),
  }),
  apply(mta, { localpart, after }) {
    const isPoison = (address) => address.startsWith(`${localpart}@`)
    if (after === undefined)
      return void mta.resolve.tap((view) => (isPoison(view.recipient.text) ? process.abort() : undefined))
    mta.attempt.tap((view) => {
      if (!view.recipients.some(isPoison)) return undefined
      if (after === 0) process.abort()
      setTimeout(() => process.abort(), after)
      return undefined
    })
  },
})
