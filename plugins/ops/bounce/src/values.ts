/** What a template's `$names` stand for: names and values of Postfix's parameters. */
import type { Site } from '@postern/core'
import { UnknownName } from './expand.ts'
import type { Values } from './expand.ts'
import type { Options } from './options.ts'

const UNITS = { seconds: 1e3, minutes: 6e4, hours: 36e5, days: 864e5, weeks: 6048e5 }
/** A time in ms: without unit in seconds, `3600s`; with one in whole units of it. */
const timesOf = (name: string, ms: number): Parameters => ({
  [name]: `${Math.floor(ms / 1000)}s`,
  ...Object.fromEntries(Object.entries(UNITS).map(([u, length]) => [`${name}_${u}`, String(Math.floor(ms / length))])),
})

export type Parameters = Readonly<Record<string, string>>
export function parametersOf(site: Site, options: Options): Parameters {
  const values = {
    myhostname: site.myhostname,
    mydomain: site.mydomain,
    myorigin: site.myorigin,
    mail_name: site.mailName,
    recipient_delimiter: site.recipientDelimiter,
    message_size_limit: site.messageSizeLimit,
    header_size_limit: site.headerSizeLimit,
    bounce_size_limit: site.bounceSizeLimit,
    hopcount_limit: site.hopcountLimit,
    smtpd_recipient_limit: site.recipientLimit,
    double_bounce_sender: options.doubleBounceSender,
    bounce_notice_recipient: options.bounceNoticeRecipient,
    '2bounce_notice_recipient': options['2bounceNoticeRecipient'],
    delay_notice_recipient: options.delayNoticeRecipient,
    ...timesOf('delay_warning_time', site.delayWarningTime),
    ...timesOf('maximal_queue_lifetime', site.maximalQueueLifetime),
    ...options.bounceTemplateParameters,
  }
  return Object.fromEntries(Object.entries(values).map(([k, v]) => [k, Buffer.from(String(v)).toString('latin1')]))
}

export function valuesOf(parameters: Parameters): Values {
  return (name) => {
    if (Object.hasOwn(parameters, name)) return parameters[name]!
    throw new UnknownName(name, Object.keys(parameters))
  }
}
