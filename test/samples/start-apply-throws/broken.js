import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({}),
  apply(mta) {
    throw new Error('cannot collect')
  },
})
