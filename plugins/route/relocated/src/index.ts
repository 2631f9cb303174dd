/** @postern/route-relocated: users who have moved (Postfix's relocated(5)). */
import { addressClasses, addressRewriter, defer, definePlugin, recipientRewrites, refuse } from '@postern/core'
import { addressSite } from '@postern/maps'
import { asker } from './moved.ts'
import type { Answer as Moved } from './moved.ts'
import { options } from './options.ts'
import { objection } from './session.ts'

export default definePlugin({
  name: 'route-relocated',
  options,
  needs: { classes: addressClasses, rewriter: addressRewriter, rewrites: recipientRewrites },
  apply(mta, o, needs) {
    const tables = o.relocatedMaps.map((ref) => mta.table(ref))
    if (tables.length === 0) return
    const ask = asker(tables, addressSite(mta.site, needs.classes, needs.rewriter), o.relocatedPrefixEnable)
    const answer = (found: Moved) => {
      if (!found) return undefined
      if (found.kind === 'failed') return defer('4.3.0', 'address resolver failure', { cause: found.cause })
      return refuse(found.esc ?? '5.0.0', found.text)
    }
    // behind whatever expands addresses, before whatever knows a way: who has moved has none, in whatever class
    mta.resolve.tap({ phase: 'late', before: ['route-local', 'route-classes'] }, ({ recipient }, call) => {
      const found = ask(recipient, call)
      return found instanceof Promise ? found.then(answer) : answer(found)
    })
    const around = { ask, resolve: mta.resolve, rewrites: needs.rewrites }
    // early: a permit of a policy tap must not let in a recipient that could only bounce
    if (o.smtpdRejectUnlistedRecipient)
      mta.rcpt.tap({ phase: 'early' }, ({ recipient: address, recipientGiven: given }, call) =>
        objection(around, 'recipient', { address, given }, call),
      )
    if (o.smtpdRejectUnlistedSender)
      mta.mail.tap({ phase: 'early' }, ({ sender: address, senderGiven: given }, call) =>
        address.text === '' ? undefined : objection(around, 'sender', { address, given }, call),
      )
  },
})
