/** Local submission: what the sendmail command leaves in the drop folder comes into the queue. */
import { addressRewriter, definePlugin } from '@postern/core'
import type { DraftView } from '@postern/core'
import type { SiteFacts } from '@postern/sendmail'
import { headerRewriting } from '@postern/addresses'
import { complete, received } from './complete.ts'
import type { Submission } from './complete.ts'
import { Drop } from './drop.ts'
import { prepare } from './folder.ts'
import type { DropFolder } from './folder.ts'
import { options } from './options.ts'
import { Lane, Pickup } from './pickup.ts'

export default definePlugin({
  name: 'listen-drop',
  options,
  needs: { rewriter: addressRewriter },
  optional: ['rewriter'],
  apply(mta, options, needs) {
    // one folder, one reader
    if (mta.site.worker.index !== 0) return
    const lane = mta.keep(
      `drop:${mta.site.spool}`,
      () => new Lane(),
      () => undefined,
    )
    let folder: DropFolder | undefined
    let drop: Drop | undefined
    let pickup: Pickup | undefined

    const slot = mta.slot(headerRewriting)
    /** whose draft this is; mail that other uses submit is theirs to complete */
    const ours = ({ origin }: DraftView<'headers'>): Submission | undefined =>
      origin.kind === 'submit' && origin.by === mta.name ? drop?.current : undefined
    const at = { body: 'headers', origins: ['submit'], phase: 'early' } as const
    mta.cleanup.tap({ ...at, writes: [headerRewriting] }, (view) => {
      const by = ours(view)
      if (!by) return undefined
      drop!.pickedUp(view.id)
      if (by.gateway) slot.set(view, 'gateway')
      return received(view, by, options.messageDropHeaders)
    })
    // behind what rewrites addresses: it says whose headers it touches, and a From that is added is complete
    mta.cleanup.tap({ ...at, name: 'complete', after: ['rewrite-trivial'], reads: [headerRewriting] }, (view, call) => {
      const by = ours(view)
      if (!by) return undefined
      const kind = view.slots.get(headerRewriting)
      return complete(view, by, {
        myhostname: mta.site.myhostname,
        format: options.headerFromFormat,
        untouched: !options.alwaysAddMissingHeaders && (kind === 'gateway' || kind === 'none'),
        now: call.clock.now(),
      })
    })

    mta.lifecycle({
      async start() {
        const { myhostname, mailName, messageSizeLimit } = mta.site
        const { authorizedSubmitUsers } = options
        const facts: SiteFacts = { myhostname, mailName, messageSizeLimit, authorizedSubmitUsers }
        folder = await prepare(mta.site.spool, facts, mta.log)
      },
      ready() {
        const into = (drop = new Drop(mta, options, folder!, needs.rewriter))
        pickup = new Pickup({
          folder: folder!.path,
          interval: options.pollInterval,
          lane: lane(),
          clock: mta.clock,
          log: mta.log,
          mail: (name) => into.mail(name),
          other: (name) => into.other(name),
        })
        pickup.start()
      },
      drain: () => pickup?.stop(),
      stop: () => pickup?.stop(),
    })
  },
})
