/** @postern/rewrite-generic: inner addresses as the world may see them, in mail that leaves (Postfix's generic(5)). */
import { addressClasses, addressRewriter, definePlugin, outgoingRewriter } from '@postern/core'
import { addressSite } from '@postern/maps'
import { options as schema } from './options.ts'
import { GenericRewriter } from './rewriter.ts'

export default definePlugin({
  name: 'rewrite-generic',
  options: schema,
  needs: { classes: addressClasses, rewriter: addressRewriter },
  provides: [outgoingRewriter],
  apply(mta, o, needs) {
    const site = addressSite(mta.site, needs.classes, needs.rewriter)
    for (const [protocol, maps] of [
      ['smtp', o.smtpGenericMaps],
      ['lmtp', o.lmtpGenericMaps],
    ] as const) {
      const tables = maps.map((ref) => mta.table(ref))
      if (tables.length > 0)
        mta.provideNamed(outgoingRewriter, protocol, new GenericRewriter(tables, site, o.propagateUnmatchedExtensions))
    }
  },
})
