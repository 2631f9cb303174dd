import { definePlugin, delivered } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'pigeon',
  options: z.strictObject({}),
  apply(mta) {
    mta.deliver('pigeon', {
      deliver(job) {
        const [first] = job.recipients
        job.settle(first, delivered('2.0.0', 'flown'))
        throw new Error('secret: the second pigeon is ill')
      },
    })
  },
})
