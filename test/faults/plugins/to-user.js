/** All mail goes into one user's maildir, with that user's rights. */
import { definePlugin, routeTo } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'to-user',
  options: z.strictObject({ user: z.string().describe('whose maildir it is') }),
  apply(mta, { user }) {
    mta.resolve.tap({ phase: 'early' }, () => routeTo('maildir', undefined, { user, addressClass: 'local' }))
  },
})
