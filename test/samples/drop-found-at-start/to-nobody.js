import { definePlugin, routeTo } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'to-nobody',
  options: z.strictObject({}),
  apply(mta) {
    mta.resolve.tap(() => routeTo('discard'))
  },
})
