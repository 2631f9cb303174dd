/** Claims a domain; the local part of an address is the user whose mailbox it is. */
import { claim, definePlugin, routeTo } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'to-users',
  options: z.strictObject({ domain: z.string().default('here.example') }),
  apply(mta, options) {
    mta.relay.tap((view) => (view.recipient.domain === options.domain ? claim('own domain') : undefined))
    mta.resolve.tap((view) => routeTo('maildir', undefined, { user: view.recipient.local, addressClass: 'local' }))
  },
})
