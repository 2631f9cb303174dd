/** A template made ready for one message: what stands around the list of recipients. */
import type { ReportView } from '@postern/core'
import { expand } from './expand.ts'
import { FROM, OBSOLETE_FROM } from './templates.ts'
import type { Template } from './templates.ts'
import { valuesOf } from './values.ts'
import type { Parameters } from './values.ts'

export interface Style {
  /** `address (Name)` instead of `Name <address>` */
  readonly obsolete: boolean
  /** a name of this site, with its domain */
  qualify(name: string): string
}
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
  style: Style,
  encoding: '8bit' | '7bit' | undefined,
): Letter {
  const values = valuesOf(parameters)
  return {
    // what remote hosts say may be UTF-8, and ASCII is a part of it
    charset: template.charset.toLowerCase() === 'us-ascii' && encoding === '8bit' ? 'utf-8' : template.charset,
    from: withDomain(style.obsolete && template.from === FROM ? OBSOLETE_FROM : template.from, style),
    subject: to === 'sender' ? template.subject : (template.postmasterSubject ?? template.subject),
    body: to === 'sender' ? template.body.map((line) => expand(line, values)) : [],
    original: why === 'success' || why === 'trace' ? 'Message' : 'Undelivered Message',
  }
}

/** `Name <user>` and `user (Name)` get their domain. */
function withDomain(from: string, { qualify }: Style): string {
  const angle = /^(.*<)([^<>@]+)(>.*)$/s.exec(from)
  if (angle) return `${angle[1]}${qualify(angle[2]!)}${angle[3]}`
  return from.includes('<') ? from : from.replace(/^[^\s@()]+(?=\s|$)/, qualify)
}
