/** Delivers into maildirs and mbox files, as Postfix's virtual(8): durable when reported. */
import { resolve } from 'node:path'
import { definePlugin, delivered, failedWith } from '@postern/core'
import type { Call, Job, JobRecipient, Outcome, TableRef } from '@postern/core'
import { deliveredTo, diagnosed, prependedLines, targetOf } from '@postern/mailboxes'
import { statusFilter } from '@postern/maps'
import { AsOwner } from './as-owner.ts'
import { contentOf } from './content.ts'
import { outcomeOf } from './faults.ts'
import { inOrder } from './in-order.ts'
import { locate } from './locate.ts'
import type { Where } from './locate.ts'
import { Maildirs } from './maildirs.ts'
import { schema } from './options.ts'
import { isOurs } from './owner.ts'
import { write } from './write.ts'

export default definePlugin({
  name: 'deliver-maildir',
  options: schema,
  apply(mta, options) {
    const { virtualMailboxLimit: limit, syncFolder, refuseLoops, returnOverQuota } = options
    // Postfix refuses to run so: mail would be accepted that can never be delivered
    if (limit > 0 && limit < mta.site.messageSizeLimit) {
      throw new Error(`virtualMailboxLimit (${limit}) is smaller than messageSizeLimit (${mta.site.messageSizeLimit})`)
    }
    // an address must not choose a file or its owner: Postfix leaves rules with `$1` out here (virtual(8))
    const open = (ref: TableRef | undefined) => ref && mta.table(ref, { substitution: false })
    const filter = statusFilter(options.virtualDeliveryStatusFilter.map((ref) => mta.table(ref)))
    const where: Where = {
      mailboxPath: options.mailboxPath,
      mailboxMaps: open(options.virtualMailboxMaps),
      uidMaps: open(options.virtualUidMaps),
      gidMaps: open(options.virtualGidMaps),
      owner:
        options.uid === undefined || options.gid === undefined ? undefined : { uid: options.uid, gid: options.gid },
      minimumUid: options.virtualMinimumUid,
    }
    const base = resolve(mta.folder, options.mailboxBase)
    const maildirs = new Maildirs(base, () => mta.clock.now())
    const asOwner = new AsOwner(base, options)
    mta.lifecycle({ stop: () => maildirs.close() })

    mta.deliver(mta.as ?? 'maildir', {
      heedsDry: true,
      deliver: filter((job: Job, call: Call) => {
        const seen = refuseLoops ? deliveredTo(job.header) : new Set()
        const content = contentOf(job, limit, call)
        const one = async (recipient: JobRecipient): Promise<Outcome> => {
          const target = targetOf(recipient, mta.site.recipientDelimiter)
          if (seen.has(target.text.toLowerCase()))
            return failedWith('5.4.6', `mail forwarding loop for ${target.plain}`)
          const delivery = { mta, job, recipient, target, call }
          if (recipient.user !== undefined) return asOwner.home(recipient.user, delivery)
          const mailbox = await locate(target, where, call)
          if (mailbox.kind !== 'mailbox') return mailbox
          if (mailbox.format === 'mbox' || !isOurs(mailbox.owner)) return asOwner.mailbox(mailbox, delivery)
          if (call.dry) return delivered('2.0.0', 'delivers to maildir')
          const above = prependedLines(job.envelope.sender, recipient, target, mta.site)
          const { path, owner } = mailbox
          try {
            await maildirs.with(path, owner, (maildir) => write({ maildir, owner, above, content, syncFolder }))
          } catch (error) {
            const outcome = outcomeOf(error, returnOverQuota)
            if (outcome) return outcome
            throw error
          }
          return delivered('2.0.0', 'delivered to maildir')
        }
        return inOrder(job, async (recipient) => diagnosed(await one(recipient)))
      }),
    })
  },
})
