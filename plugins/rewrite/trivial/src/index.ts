/** @postern/rewrite-trivial: addresses in their standard form, `user@domain` (Postfix's trivial-rewrite). */
import { addressRewriter, defer, definePlugin } from '@postern/core'
import { headerRewriting } from '@postern/addresses'
import type { HeaderRewriting, TrivialOptions } from '@postern/addresses'
import { localClients } from './clients.ts'
import { cleanupTap } from './cleanup.ts'
import { options as schema } from './options.ts'
import { rewriter } from './rewriter.ts'

export default definePlugin({
  name: 'rewrite-trivial',
  options: schema,
  provides: [addressRewriter],
  apply(mta, options) {
    const { swapBangpath, allowPercentHack, appendAtMyorigin, appendDotMydomain, remoteHeaderRewriteDomain } = options
    const { myorigin, mydomain } = mta.site
    const rules: TrivialOptions = {
      swapBangpath,
      allowPercentHack,
      origin: appendAtMyorigin ? myorigin : undefined,
      domain: appendDotMydomain ? mydomain : undefined,
    }
    const remote = remoteHeaderRewriteDomain !== '' && {
      ...rules,
      origin: appendAtMyorigin ? remoteHeaderRewriteDomain : undefined,
      domain: appendDotMydomain ? remoteHeaderRewriteDomain : undefined,
    }
    mta.provide(addressRewriter, rewriter(rules, mta.site.myhostname))

    const isLocal = localClients(options, (ref) => mta.table(ref))
    const slot = mta.slot(headerRewriting)
    mta.data.tap({ phase: 'early', writes: [headerRewriting] }, (view, call) => {
      const say = (is: Awaited<ReturnType<typeof isLocal>>) => {
        if (typeof is === 'object') return defer('4.3.0', 'Temporary lookup failure', { code: 451, cause: is.cause })
        const kind: HeaderRewriting = is ? 'local' : remote ? 'remote' : 'none'
        slot.set(view, kind)
        return undefined
      }
      const is = isLocal(view.session, call)
      return is instanceof Promise ? is.then(say) : say(is)
    })
    mta.cleanup.tap(
      {
        ...{ body: 'headers', phase: 'early', origins: ['smtp', 'lmtp', 'submit', 'forward', 'bounce'] },
        reads: [headerRewriting],
      },
      cleanupTap(rules, remote || undefined, {
        nobody: `mailer-daemon@${myorigin.toLowerCase()}`,
        say: (view, kind) => slot.set(view, kind),
      }),
    )
  },
})
