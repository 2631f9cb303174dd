/** Opens FIFOs that nobody writes to: each takes a thread of the pool for good, as a dead NFS server would. */
import { open } from 'node:fs'
import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'starve',
  options: z.strictObject({
    fifo: z.string().describe('path of a FIFO without a writer'),
    opens: z.int().positive().describe('how many of them'),
  }),
  apply(mta, { fifo, opens }) {
    mta.rcpt.tap(({ recipient }) => {
      if (recipient.local !== 'starve') return undefined
      for (let n = 0; n < opens; n++) open(fifo, 'r', () => undefined)
      return undefined
    })
  },
})
