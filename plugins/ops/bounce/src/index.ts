/** @postern/ops-bounce: reports to senders about mail that failed, waits or arrived (RFC 3464). */
import { isAscii } from 'node:buffer'
import path from 'node:path'
import {
  addressClasses,
  addressOf,
  addressRewriter,
  definePlugin,
  internal,
  isUtf8,
  qualified,
  report,
  silent,
} from '@postern/core'
import type { AddressRewriter, DraftRecipient, MessageDraft, Mta, ReportView } from '@postern/core'
import { audienceOf } from './audience.ts'
import type { Notice } from './audience.ts'
import { compose } from './compose.ts'
import { Copies } from './copies.ts'
import { deadEnd } from './dead-end.ts'
import { letterOf } from './letter.ts'
import type { Style } from './letter.ts'
import { options as schema } from './options.ts'
import type { Options } from './options.ts'
import { readOriginal } from './original.ts'
import { readTemplates } from './templateFile.ts'
import { TEMPLATES, TEMPLATE_OF } from './templates.ts'
import { parametersOf, valuesOf } from './values.ts'

export default definePlugin({
  name: 'ops-bounce',
  options: schema,
  needs: { classes: addressClasses, rewriter: addressRewriter },
  optional: ['classes', 'rewriter'],
  apply(mta, options, needs) {
    const { classes } = needs
    const reporter = new Reporter(mta, options, () => needs.rewriter)
    const copies = options.notifyClasses.some((c) => c !== '2bounce') ? new Copies(mta) : undefined
    if (classes) deadEnd(mta, classes, options.doubleBounceSender)
    const file = options.bounceTemplateFile
    if (file) mta.lifecycle({ start: () => reporter.read(path.resolve(mta.folder, file)) })
    mta.report.tap(async (view, call) => {
      const audience = audienceOf(view, reporter.doubleBounce, options)
      const now = call.clock.now()
      const copy = audience.copy && (await reporter.draft(view, audience.copy, now))
      if (audience.report) {
        const draft = await reporter.draft(view, audience.report, now)
        copies?.after(view.messageId, copy)
        return report(draft)
      }
      if (copy) copies?.send(view.messageId, copy)
      return silent(audience.reason)
    })
  },
})

/** The original recipient of a report is its address without quotes, and as it was configured: so Postfix's bounce daemon hands it on. */
function recipientOf(address: string, original: string): string | DraftRecipient {
  const plain = internal(addressOf(address))
  if (plain === address && original === address) return address
  return { address, original, orcpt: `${isUtf8(plain) ? 'utf-8' : 'rfc822'};${plain}` }
}

class Reporter {
  readonly doubleBounce: string
  readonly #mta: Mta
  readonly #parameters: Readonly<Record<string, string>>
  readonly #options: Options
  readonly #style: Style
  #templates = TEMPLATES

  constructor(mta: Mta, options: Options, rewriter: () => AddressRewriter | undefined) {
    this.#mta = mta
    this.#options = options
    this.#style = {
      obsolete: options.headerFromFormat === 'obsolete',
      qualify: (name) => qualified(name, mta.site.myorigin, rewriter()),
    }
    this.doubleBounce = `${options.doubleBounceSender}@${mta.site.myhostname}`
    this.#parameters = parametersOf(mta.site, options)
  }
  async read(file: string): Promise<void> {
    this.#templates = await readTemplates(file, valuesOf(this.#parameters))
  }

  async draft(view: ReportView, notice: Notice, now: number): Promise<MessageDraft> {
    const { site } = this.#mta
    const postmaster = notice.to === 'postmaster'
    const to = postmaster ? this.#style.qualify(notice.address) : notice.address
    const recipient = recipientOf(to, notice.address)
    const { messageId, arrived, envid, smtputf8, why } = view
    // the address of the null sender, for people
    const sender = view.sender || `MAILER-DAEMON@${site.myhostname}`
    const encoding = this.#options.smtputf8Enable ? '8bit' : encodingOf(view)
    const content = compose({
      letter: letterOf(this.#templates[TEMPLATE_OF[why]], why, notice.to, this.#parameters, this.#style, encoding),
      facts: {
        myhostname: site.myhostname,
        mailName: site.mailName,
        messageId,
        sender,
        quotedUtf8Sender: this.#options.quotedUtf8Sender,
        arrived,
        envid,
        smtputf8,
        saysBy: why === 'success' || why === 'trace',
      },
      recipients: notice.recipients,
      original: await readOriginal(view, notice.original, site.bounceSizeLimit),
      to,
      encoding,
      autoSubmitted: postmaster ? 'auto-generated' : 'auto-replied',
      now,
    })
    // the null sender: nothing may answer a report (RFC 5321 section 4.5.5)
    const body = content.every((part) => isAscii(part)) || encoding !== '8bit' ? undefined : '8BITMIME'
    return { sender: postmaster ? this.doubleBounce : '', recipients: [recipient], content, smtputf8, body }
  }
}
/** As the message itself was declared or labelled, if it was. */
function encodingOf({ body, header }: ReportView): '8bit' | '7bit' | undefined {
  if (/^\s*(?:8bit|binary)\s*$/i.test(header.get('content-transfer-encoding') ?? '')) return '8bit'
  return body === undefined ? undefined : body === '7BIT' ? '7bit' : '8bit'
}
