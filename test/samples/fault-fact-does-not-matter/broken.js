import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    const no = () => {
      throw new Error('secret')
    }
    mta.on.received.tap(no)
    mta.on.attempted.tap(no)
    mta.on.settled.tap(no)
  },
})
