/** Delivers into mailboxes of users of the system with their rights, as Postfix's local(8). */
import { definePlugin, failedWith } from '@postern/core'
import type { Call, Job, JobRecipient, Outcome } from '@postern/core'
import { OneAtATime, askHelper, deliveredTo, diagnosed, dryOutcome, targetOf } from '@postern/mailboxes'
import { statusFilter } from '@postern/maps'
import { mailboxOf } from './mailbox.ts'
import { schema } from './options.ts'

export default definePlugin({
  name: 'deliver-mbox',
  options: schema,
  apply(mta, options) {
    const { mailboxSizeLimit: limit, mailboxDeliveryLock: locks, returnOverQuota, returnFaults } = options
    // Postfix refuses to run so: mail would be accepted that can never be delivered
    if (limit > 0 && limit < mta.site.messageSizeLimit) {
      throw new Error(`mailboxSizeLimit (${limit}) is smaller than messageSizeLimit (${mta.site.messageSizeLimit})`)
    }
    const filter = statusFilter(options.localDeliveryStatusFilter.map((ref) => mta.table(ref)))
    const turns = new OneAtATime()

    mta.deliver(mta.as ?? 'mbox', {
      // local_destination_recipient_limit: a mailbox that is locked keeps no other recipient waiting
      limits: { recipients: 1 },
      heedsDry: true,
      deliver: filter((job: Job, call: Call) => {
        const seen = deliveredTo(job.header)
        const one = async (recipient: JobRecipient): Promise<Outcome> => {
          const target = targetOf(recipient, mta.site.recipientDelimiter)
          if (seen.has(target.text.toLowerCase()))
            return failedWith('5.4.6', `mail forwarding loop for ${target.plain}`)
          const user = recipient.user ?? target.user
          const mailbox = mailboxOf(user, options, mta.folder)
          if (!mailbox) return failedWith('5.1.1', `unknown user: "${user}"`)
          if (call.dry) return dryOutcome(user, mailbox.kind === 'mbox' ? 'mailbox' : 'maildir', { mta, call })
          const delivery = { mta, job, recipient, target, call }
          const wanted = { user, limit, returnOverQuota, returnFaults }
          if (mailbox.kind === 'maildir') return askHelper({ ...mailbox, ...wanted }, delivery)
          return turns.run(user, () => askHelper({ ...mailbox, ...wanted, locks }, delivery))
        }
        return job.each(async (recipient) => diagnosed(await one(recipient)))
      }),
    })
  },
})
