/** A template made ready for one message: what stands around the list of recipients. */
import type { ReportView } from '@postern/core'
import { expand } from './expand.ts'
import type { Template } from './templates.ts'
import { valuesOf } from './values.ts'
import type { Parameters } from './values.ts'

export interface Letter {
  readonly charset: string
  readonly from: string
  readonly subject: string
  /** lines before the recipients, one character a byte; none in the postmaster's copy */
  readonly body: readonly string[]
  /** what the third part is called */
  readonly original: string
}

export function letterOf(
  template: Template,
  why: ReportView['why'],
  to: 'sender' | 'postmaster',
  parameters: Parameters,
): Letter {
  const values = valuesOf(parameters)
  return {
    // what remote hosts say may be UTF-8, and ASCII is a part of it
    charset: template.charset.toLowerCase() === 'us-ascii' ? 'utf-8' : template.charset,
    from: qualified(template.from, parameters.myorigin!),
    subject: to === 'sender' ? template.subject : (template.postmasterSubject ?? template.subject),
    body: to === 'sender' ? template.body.map((line) => expand(line, values)) : [],
    original: why === 'success' || why === 'trace' ? 'Message' : 'Undelivered Message',
  }
}

/** `Name <user>` and `user (Name)` get their domain. */
function qualified(from: string, myorigin: string): string {
  const angle = /^(.*<)([^<>@]+)(>.*)$/s.exec(from)
  if (angle) return `${angle[1]}${angle[2]}@${myorigin}${angle[3]}`
  return from.includes('<') ? from : from.replace(/^[^\s@()]+(?=\s|$)/, (user) => `${user}@${myorigin}`)
}
