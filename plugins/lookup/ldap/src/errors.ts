/** What can go wrong with a server, in two kinds: another server may do better, or would say the same. */
import { Refused } from '@postern/lookup-kit'
import type { Result } from './wire.ts'

/** The connection was lost before the answer had come: to be asked again on a new one. */
export class Lost extends Error {}

/** A server, or what an operator wrote, says no; or the asker asks no more. */
export class Refusal extends Refused {
  readonly why: 'retry' | 'misconfigured'
  /** RFC 4511 appendix A; none when no server said it */
  readonly code: number | undefined
  /** it would be said to each lookup, not to this one only */
  readonly lasting: boolean
  constructor(message: string, why: 'retry' | 'misconfigured', about: { code?: number; lasting?: boolean } = {}) {
    super(message)
    this.why = why
    this.code = about.code
    this.lasting = about.lasting ?? false
  }
}
const LIMITS = [3, 4, 11]
export const NO_SUCH_OBJECT = 32
export const SIZE_LIMIT = 4
export const REFERRAL = 10
export const SASL_GOES_ON = 14
export const UNDEFINED_TYPE = 17

/** Names of RFC 4511 appendix A; those with `!` do not get better by themselves. */
const CODES: Readonly<Record<number, string>> = {
  1: 'operationsError',
  2: '!protocolError',
  3: 'timeLimitExceeded',
  4: 'sizeLimitExceeded',
  7: '!authMethodNotSupported',
  8: '!strongerAuthRequired',
  10: '!referral',
  11: 'adminLimitExceeded',
  12: '!unavailableCriticalExtension',
  13: '!confidentialityRequired',
  14: 'saslBindInProgress',
  16: '!noSuchAttribute',
  17: '!undefinedAttributeType',
  18: '!inappropriateMatching',
  19: '!constraintViolation',
  21: '!invalidAttributeSyntax',
  32: '!noSuchObject',
  33: '!aliasProblem',
  34: '!invalidDNSyntax',
  36: '!aliasDereferencingProblem',
  48: '!inappropriateAuthentication',
  49: '!invalidCredentials',
  50: '!insufficientAccessRights',
  51: 'busy',
  52: 'unavailable',
  53: '!unwillingToPerform',
  54: '!loopDetect',
  80: 'other',
}
/** What a result other than success is: an error to throw. Busy and unavailable servers are left for another. */
export function errorFor(what: string, { code, text }: Result): Error {
  const name = CODES[code] ?? 'unknown'
  // what a server says is shown to people: no control characters, no pages
  const said = text
    .replace(/[^\P{Cc}\t]/gu, ' ')
    .trim()
    .slice(0, 200)
  const message = `${what}: ${name.replace('!', '')} (${code})${said === '' ? '' : `, ${said}`}`
  if (code === 51 || code === 52) return new Error(message)
  return new Refusal(message, name.startsWith('!') ? 'misconfigured' : 'retry', {
    code,
    lasting: !LIMITS.includes(code),
  })
}
/** What a socket or a file says; several addresses of a host fail in one error without a text of its own. */
export const textOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === '')
    return [...new Set(error.errors.map((one: unknown) => textOf(one)))].join(', ')
  return error instanceof Error ? error.message : String(error)
}
