import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'none' }, () => Promise.reject(new Error('secret: scanner gone')))
  },
})
