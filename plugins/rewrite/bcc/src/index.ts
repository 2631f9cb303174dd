/** @postern/rewrite-bcc: automatic blind copies (always_bcc and its sisters of postconf(5)). */
import { addressClasses, addressRewriter, defer, definePlugin, edits, envelope, recipientRewrites } from '@postern/core'
import { addressSite } from '@postern/maps'
import { BlindCopies } from './copies.ts'
import { options } from './options.ts'

export default definePlugin({
  name: 'rewrite-bcc',
  options,
  needs: { classes: addressClasses, rewriter: addressRewriter, rewrites: recipientRewrites },
  apply(mta, o, { classes, rewriter, rewrites }) {
    const senders = o.senderBccMaps.map((ref) => mta.table(ref))
    const recipients = o.recipientBccMaps.map((ref) => mta.table(ref))
    const always = o.alwaysBcc === '' ? undefined : o.alwaysBcc
    if (always === undefined && senders.length + recipients.length === 0) return
    const site = addressSite(mta.site, classes, rewriter)
    const copies = new BlindCopies({ always, senders, recipients }, site, rewrites)
    mta.cleanup.tap(
      // late: addresses are looked up as they will be; before aliases are tried. Not for mail that the node makes or passes on
      // itself: a bounce of a copy would be copied
      { body: 'none', phase: 'late', before: 'route-virtual', origins: ['smtp', 'lmtp', 'submit'] },
      async (view, call) => {
        const found = await copies.of(view, call)
        if ('kind' in found) return defer('4.3.0', 'Error: queue file write error', { code: 451, cause: found.cause })
        return found.length > 0 ? edits(found.map((a) => envelope.bcc(a.text))) : undefined
      },
    )
  },
})
