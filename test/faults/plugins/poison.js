/** Ends the process when it is to deliver one recipient's mail: a fault that no guard catches. */
import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'poison',
  options: z.strictObject({
    localpart: z.string().describe('whose mail is poison'),
    after: z.int().nonnegative().describe('ms from the attempt to the end; 0: in the tap itself'),
  }),
  apply(mta, { localpart, after }) {
    mta.attempt.tap((view) => {
      if (!view.recipients.some((address) => address.startsWith(`${localpart}@`))) return undefined
      if (after === 0) process.abort()
      setTimeout(() => process.abort(), after)
      return undefined
    })
  },
})
