import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'counts',
  options: z.strictObject({}),
  apply(mta) {
    mta.on.settled.tap(({ delivered }) => {
      mta.log.info('counts.settled', { delivered })
    })
  },
})
