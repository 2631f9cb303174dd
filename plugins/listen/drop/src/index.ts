/** Local submission: what the sendmail command leaves in the drop folder comes into the queue. */
import { definePlugin } from '@postern/core'
import type { SiteFacts } from '@postern/sendmail'
import { complete } from './complete.ts'
import { Drop } from './drop.ts'
import { prepare } from './folder.ts'
import type { DropFolder } from './folder.ts'
import { options } from './options.ts'
import { Lane, Pickup } from './pickup.ts'

export default definePlugin({
  name: 'listen-drop',
  options,
  apply(mta, options) {
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

    mta.cleanup.tap({ body: 'headers', origins: ['submit'], phase: 'early' }, (view) => {
      // mail that other uses submit is theirs to complete
      if (view.origin.kind !== 'submit' || view.origin.by !== mta.name || !drop?.current) return undefined
      drop.pickedUp(view.id)
      const { myhostname } = mta.site
      return complete(view, drop.current, { myhostname, dropHeaders: options.messageDropHeaders, now: mta.clock.now() })
    })

    mta.lifecycle({
      async start() {
        const { myhostname, mailName, messageSizeLimit } = mta.site
        const { authorizedSubmitUsers } = options
        const facts: SiteFacts = { myhostname, mailName, messageSizeLimit, authorizedSubmitUsers }
        folder = await prepare(mta.site.spool, facts, mta.log)
      },
      ready() {
        const into = (drop = new Drop(mta, options, folder!))
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
