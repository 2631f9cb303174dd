import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'headers' }, () => {
      throw new Error('secret: scanner gone')
    })
  },
})
