/** Reply texts and codes of addresses that do not exist (Postfix's smtpd_check). */
import { defer, asGiven, refuse } from '@postern/core'
import type { AddressClass, AddressWay, Defer, MailAddress, PermanentCode, Refuse, TemporaryCode } from '@postern/core'
import type { Options } from './options.ts'

export type Verdict = Refuse | Defer
export type Role = 'Recipient' | 'Sender'

export const lookupFailure = (given: MailAddress, cause: unknown): Verdict =>
  defer('4.3.0', `<${asGiven(given)}>: Temporary lookup failure`, { code: 451, cause })

const rejectCode = (name: AddressClass, options: Options): number =>
  ({
    local: options.unknownLocalRecipientRejectCode,
    virtualAlias: options.unknownVirtualAliasRejectCode,
    virtualMailbox: options.unknownVirtualMailboxRejectCode,
    relay: options.unknownRelayRecipientRejectCode,
    default: 550,
  })[name]

export const unknown = (role: Role, given: MailAddress, name: AddressClass, text: string, options: Options): Verdict =>
  rejection(role, given, rejectCode(name, options), name === 'virtualAlias' ? '5.1.1' : undefined, text)

/** Mail for the `error` and `retry` transports is refused with their text: `error:5.1.6 moved away`. */
export function errorTransport(role: Role, given: MailAddress, way: AddressWay): Verdict | undefined {
  if (way.transport !== 'error' && way.transport !== 'retry') return undefined
  const [, esc, text] = /^([245]\.\d{1,3}\.\d{1,3})(?:\s+(.*))?$/s.exec(way.nexthop) ?? []
  const said = esc === undefined ? way.nexthop : (text ?? 'Address is undeliverable')
  return rejection(role, given, way.transport === 'error' ? 550 : 450, esc, said)
}

/** The status code follows the reply code, which may be an operator's: 450 makes 5.1.1 a 4.1.1. */
export function rejection(
  role: Role,
  given: MailAddress,
  code: number,
  esc: string | undefined,
  text: string,
): Verdict {
  const line = `<${asGiven(given)}>: ${role} address rejected: ${text}`
  const status = esc === undefined ? UNKNOWN[role] : fitting(role, esc)
  return code < 500
    ? defer(status.replace(/^./, '4') as TemporaryCode, line, { code })
    : refuse(status.replace(/^./, '5') as PermanentCode, line, { code })
}
const UNKNOWN: Record<Role, string> = { Recipient: '5.1.1', Sender: '5.1.0' }

/** RFC 3463 section 3.2 has codes for senders apart from those for recipients: what a table says of one may be told of the other. */
const fitting = (role: Role, esc: string): string =>
  esc.replace(/\.1\.(\d+)$/, (_, detail: string) => `.1.${DETAILS[role][Number(detail)] ?? 0}`)
const DETAILS: Record<Role, readonly number[]> = {
  Recipient: [0, 1, 2, 3, 4, 5, 6, 3, 2],
  Sender: [0, 7, 8, 7, 7, 0, 7, 7, 8],
}
