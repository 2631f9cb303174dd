import { definePlugin, routeTo } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'to-users',
  options: z.strictObject({}),
  apply(mta) {
    mta.resolve.tap({ phase: 'early' }, (view) =>
      view.recipient.local === 'anna' ? routeTo('maildir', undefined, { user: 'anna', addressClass: 'local' }) : undefined,
    )
  },
})
