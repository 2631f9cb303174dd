import { definePlugin, delivered } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'pigeon',
  options: z.strictObject({}),
  apply(mta) {
    mta.deliver('pigeon', {
      deliver(job) {
        job.settle(job.recipients[0], delivered('2.0.0', 'flown'))
        return Promise.resolve()
      },
    })
  },
})
