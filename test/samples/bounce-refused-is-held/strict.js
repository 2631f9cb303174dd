import { definePlugin, refuse } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'strict',
  options: z.strictObject({}),
  apply(mta) {
    mta.cleanup.tap({ body: 'none', origins: ['bounce'] }, () => refuse('5.7.1', 'No bounces'))
  },
})
