/** Eats the heap when one recipient's mail is to be delivered: V8 ends the process, and no guard hears of it. */
import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'hog',
  options: z.strictObject({
    localpart: z.string().describe('whose mail is too much'),
  }),
  apply(mta, { localpart }) {
    const eaten = []
    const eat = () => {
      // in pieces, so that the process lives on for a while and works at other mail as it does
      for (let i = 0; i < 20_000; i++) eaten.push({ n: i, text: `${i}` })
      setTimeout(eat, 5)
    }
    mta.attempt.tap((view) => {
      if (view.recipients.some((address) => address.startsWith(`${localpart}@`))) eat()
      return undefined
    })
  },
})
