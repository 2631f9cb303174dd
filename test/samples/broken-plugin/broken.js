import { definePlugin } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'broken',
  options: z.strictObject({ at: z.enum(['rcpt', 'cleanup']).describe('where it breaks') }),
  apply(mta, { at }) {
    if (at === 'cleanup') {
      mta.cleanup.tap({ body: 'none' }, () => Promise.reject(new Error('database gone')))
      return
    }
    mta.rcpt.tap((view) => {
      if (view.recipient.local === 'throws') throw new Error('secret: the database is gone')
      return view.recipient.local === 'null' ? null : undefined
    })
  },
})
