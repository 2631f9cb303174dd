/** Delivers into maildirs, as Postfix's virtual(8): one file for each message and recipient, durable when reported. */
import { resolve } from 'node:path'
import { definePlugin, delivered, failedWith } from '@postern/core'
import type { Call, Job, JobRecipient, Outcome } from '@postern/core'
import { deliverAs } from './as-user.ts'
import { contentOf } from './content.ts'
import { outcomeOf } from './faults.ts'
import { deliveredTo, prependedLines } from './header.ts'
import { locate } from './locate.ts'
import type { Where } from './locate.ts'
import { Maildirs } from './maildirs.ts'
import { schema } from './options.ts'
import { targetOf } from './recipient.ts'
import { write } from './write.ts'

export default definePlugin({
  name: 'deliver-maildir',
  options: schema,
  apply(mta, options) {
    const { virtualMailboxLimit: limit, syncFolder } = options
    // Postfix refuses to run so: mail would be accepted that can never be delivered
    if (limit > 0 && limit < mta.site.messageSizeLimit) {
      throw new Error(`virtualMailboxLimit (${limit}) is smaller than messageSizeLimit (${mta.site.messageSizeLimit})`)
    }
    const where: Where = {
      mailboxPath: options.mailboxPath,
      mailboxMaps: options.virtualMailboxMaps && mta.table(options.virtualMailboxMaps),
      uidMaps: options.virtualUidMaps && mta.table(options.virtualUidMaps),
      gidMaps: options.virtualGidMaps && mta.table(options.virtualGidMaps),
      owner:
        options.uid === undefined || options.gid === undefined ? undefined : { uid: options.uid, gid: options.gid },
      minimumUid: options.virtualMinimumUid,
    }
    const maildirs = new Maildirs(resolve(mta.folder, options.mailboxBase), () => mta.clock.now())
    mta.lifecycle({ stop: () => maildirs.close() })

    mta.deliver(mta.as ?? 'maildir', {
      deliver(job: Job, call: Call) {
        const seen = deliveredTo(job.header)
        const content = contentOf(job, limit, call)
        const one = async (recipient: JobRecipient): Promise<Outcome> => {
          const target = targetOf(recipient, mta.site.recipientDelimiter)
          if (seen.has(target.text.toLowerCase()))
            return failedWith('5.4.6', `mail forwarding loop for ${target.plain}`)
          if (recipient.user !== undefined)
            return deliverAs(recipient.user, { mta, options, job, recipient, target, call })
          const mailbox = await locate(target, where, call)
          if (mailbox.kind !== 'mailbox') return mailbox
          if (call.dry) return delivered('2.0.0', 'delivers to maildir')
          const above = prependedLines(job.envelope.sender, recipient, target)
          const { path, owner } = mailbox
          try {
            await maildirs.with(path, owner, (maildir) => write({ maildir, owner, above, content, syncFolder }))
          } catch (error) {
            const outcome = outcomeOf(error)
            if (outcome) return outcome
            throw error
          }
          return delivered('2.0.0', 'delivered to maildir')
        }
        return job.each(one)
      },
    })
  },
})
