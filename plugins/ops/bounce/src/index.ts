/** @postern/ops-bounce: reports to senders about mail that failed, waits or arrived (RFC 3464). */
import { addressOf, definePlugin, report, silent } from '@postern/core'
import type { MessageDraft, Mta, ReportRecipient, ReportView, Site } from '@postern/core'
import { audienceOf, wantsReport } from './audience.ts'
import { compose } from './compose.ts'
import type { ReportParts } from './compose.ts'
import { options as schema } from './options.ts'
import type { Options } from './options.ts'
import { readOriginal } from './original.ts'
import { POSTMASTER, TEMPLATES } from './templates.ts'

export default definePlugin({
  name: 'ops-bounce',
  options: schema,
  apply(mta, options) {
    tapReport(mta, options)
  },
})

function tapReport(mta: Mta, options: Options): void {
  const { site } = mta
  const doubleBounce = `${options.doubleBounceSender}@${site.myhostname}`
  mta.report.tap(async (view, call) => {
    const audience = audienceOf(view, doubleBounce, options)
    if (audience.kind === 'nobody') return silent(audience.reason)
    const now = call.clock.now()
    if (audience.kind === 'postmaster') return report(await postmasterNotice(view, site, doubleBounce, options, now))
    const recipients = view.recipients.filter((r) => wantsReport(r, view.why))
    if (recipients.length === 0) return silent(`NOTIFY does not ask for ${view.why}`)
    return report(await senderReport(view, site, recipients, now))
  })
}

async function senderReport(
  view: ReportView,
  site: Site,
  recipients: readonly ReportRecipient[],
  now: number,
): Promise<MessageDraft> {
  const until = recipients.find((r) => r.willRetryUntil !== undefined)?.willRetryUntil
  const template = TEMPLATES[view.why]({
    myhostname: site.myhostname,
    waited: now - view.arrived,
    lifetime: until === undefined ? undefined : until - view.arrived,
  })
  const parts: ReportParts = {
    template,
    ...(await common(view, site, view.sender, now)),
    recipients,
    to: view.sender,
    autoSubmitted: 'auto-replied',
  }
  // the null sender: nothing may answer a report (RFC 5321 section 4.5.5)
  return { sender: '', recipients: [view.sender], content: compose(parts), smtputf8: view.smtputf8 }
}

/** Postfix's double bounce: the bounce that could not be delivered goes to the postmaster. */
async function postmasterNotice(
  view: ReportView,
  site: Site,
  sender: string,
  options: Options,
  now: number,
): Promise<MessageDraft> {
  const named = addressOf(options['2bounceNoticeRecipient'])
  const to = named.domain === '' ? `${named.text}@${site.myorigin}` : named.text
  const parts: ReportParts = {
    template: POSTMASTER,
    // the address of the null sender, for people
    ...(await common(view, site, `MAILER-DAEMON@${site.myhostname}`, now)),
    recipients: view.recipients,
    to,
    autoSubmitted: 'auto-generated',
  }
  return { sender, recipients: [to], content: compose(parts), smtputf8: view.smtputf8 }
}

async function common(view: ReportView, site: Site, sender: string, now: number) {
  const { myhostname, mailName, myorigin, bounceSizeLimit } = site
  const { why, messageId, arrived, envid, smtputf8 } = view
  return {
    facts: { why, myhostname, mailName, messageId, sender, arrived, envid, smtputf8 },
    original: await readOriginal(view, bounceSizeLimit),
    myorigin,
    now,
  }
}
