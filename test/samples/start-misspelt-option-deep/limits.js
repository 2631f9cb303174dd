import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'limits',
  options: z.strictObject({
    rules: z.array(z.strictObject({ who: z.string(), limits: z.strictObject({ perHour: z.number().default(10) }) })),
  }),
  apply(mta, options) {
    void options
  },
})
