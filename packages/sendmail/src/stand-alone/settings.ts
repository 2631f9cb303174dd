/** What a session heeds of a site: Postfix's parameters where the mail system is a Postfix folder, its defaults elsewhere. */
import type { Place, SiteFacts } from '../place.ts'
import { parametersOf } from '../postfix.ts'

export interface Settings {
  readonly myhostname: string
  readonly mailName: string
  /** bytes; 0: no limit */
  readonly sizeLimit: number
  readonly banner: string
  readonly recipientLimit: number
  readonly hardErrorLimit: number
  readonly heloRequired: boolean
  readonly vrfy: boolean
  readonly utf8: boolean
  /** lower case */
  readonly discard: ReadonlySet<string>
  /** upper case: commands that are answered without being done, and such that end the session */
  readonly noop: ReadonlySet<string>
  readonly forbidden: ReadonlySet<string>
  /** what begins with no letter ends the session too: Postfix's default says it by a table, and other tables are not asked here */
  readonly lettersOnly: boolean
}
/** in the default of smtpd_forbidden_commands */
const NO_LETTER = /^regexp:\{\s*\{\s*\/\^\[\^A-Z\]\//i

/** Rejects with Fatal when main.cf cannot be read. */
export async function settingsOf({ postfix }: Place, facts: SiteFacts): Promise<Settings> {
  const { myhostname, mailName, messageSizeLimit: sizeLimit } = facts
  const site = { myhostname, mailName, sizeLimit }
  if (postfix === undefined)
    return {
      ...site,
      banner: `${myhostname} ESMTP ${mailName}`,
      ...{ recipientLimit: 1000, hardErrorLimit: 20, heloRequired: false, vrfy: true, utf8: true },
      ...{ discard: new Set(), noop: new Set(), forbidden: new Set(['CONNECT', 'GET', 'POST']), lettersOnly: true },
    }
  const p = await parametersOf(postfix)
  const upper = (name: string) => new Set(p.list(name).map((word) => word.toUpperCase()))
  return {
    ...site,
    banner: p.get('smtpd_banner'),
    recipientLimit: p.int('smtpd_recipient_limit'),
    hardErrorLimit: p.int('smtpd_hard_error_limit'),
    heloRequired: p.bool('smtpd_helo_required'),
    vrfy: !p.bool('disable_vrfy_command'),
    utf8: p.bool('smtputf8_enable'),
    discard: new Set(p.list('smtpd_discard_ehlo_keywords').map((word) => word.toLowerCase())),
    noop: upper('smtpd_noop_commands'),
    forbidden: upper('smtpd_forbidden_commands'),
    lettersOnly: p.list('smtpd_forbidden_commands').some((word) => NO_LETTER.test(word)),
  }
}
