/** What RFC 5322 section 3.6 demands of a message, and one that somebody sent on. */
import { rfc5322Date } from '@postern/core'

export interface Message {
  readonly id: string
  /** `''`: the null sender */
  readonly sender: string
  /** ms since 1970 */
  readonly at: number
  readonly myhostname: string
}
const RESENT = /^resent-(?:bcc|cc|date|from|message-id|reply-to|sender|to)$/

/** `names`: of the fields that are there, in lower case. Of a message that was resent only the Resent- ones are looked for. */
export function missingFields(names: ReadonlySet<string>, message: Message): [name: string, value: string][] {
  const prefix = [...names].some((name) => RESENT.test(name)) ? 'Resent-' : ''
  const fields: [string, () => string][] = [
    ['Message-Id', () => `<${stamp(message.at)}.${message.id}@${message.myhostname}>`],
    ['Date', () => rfc5322Date(message.at)],
    ['From', () => message.sender.replace(/^@/, '""@') || 'MAILER-DAEMON'],
  ]
  return fields
    .map(([name, value]): [string, () => string] => [`${prefix}${name}`, value])
    .filter(([name]) => !names.has(name.toLowerCase()))
    .map(([name, value]) => [name, value()])
}
/** UTC, `20301231235959` */
const stamp = (at: number): string => new Date(at).toISOString().replace(/\D/g, '').slice(0, 14)
