/** The parameters behind MAIL FROM and RCPT TO: each is known and right, or the command is refused. */
import type { MailParameters, Notify, RcptParameters, Reply } from '@postern/core'
import * as replies from './replies.ts'
import { wordsOf } from './space.ts'
import { unxtext, unuxtext } from './xtext.ts'

/** What this listener takes. */
export interface Features {
  readonly dsn: boolean
  readonly smtputf8: boolean
  /** bytes; 0 is no limit */
  readonly sizeLimit: number
}
type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Problem = Reply | undefined

const NO_MAIL: MailParameters = Object.freeze({})
const NO_RCPT: RcptParameters = Object.freeze({})
const PRINTABLE = /^[\x20-\x7e]+$/
const CONTROL = /[\x00-\x1f\x7f]/ // eslint-disable-line no-control-regex
/** What a file can hold at most; more is not a size but an attack. */
const FILE_LIMIT = 2n ** 63n

export const isReply = (value: object): value is Reply => 'code' in value

/**
 * `said.size`: what the client has said of its message, in bytes. Whoever was refused for it does not get in by keeping silent
 * about it: it counts until a RSET, HELO or EHLO, or another SIZE (a live Postfix 3.7 does so).
 */
export function mailParameters(
  text: string,
  features: Features,
  said: { size: number | undefined } = { size: undefined },
): MailParameters | Reply {
  if (text === '' && said.size === undefined) return NO_MAIL
  const to: Writable<MailParameters> = {}
  for (const word of text === '' ? [] : wordsOf(text)) {
    const problem = mailParameter(to, word, features)
    said.size = problem === replies.SIZE_ABSURD ? undefined : (to.size ?? said.size)
    if (problem) return problem
  }
  if (features.sizeLimit > 0 && (said.size ?? 0) > features.sizeLimit) return replies.SIZE_EXCEEDED
  return to
}

function mailParameter(to: Writable<MailParameters>, word: string, features: Features): Problem {
  const [key, value] = keyAndValue(word)
  if (key === 'SIZE' && value !== undefined) return sizeParameter(to, value)
  if (key === 'BODY' && /^(7BIT|8BITMIME)$/i.test(value ?? '')) {
    to.body = value!.toUpperCase() as '7BIT' | '8BITMIME'
    return undefined
  }
  if (key === 'SMTPUTF8' && value === undefined && features.smtputf8) {
    to.smtputf8 = true
    return undefined
  }
  if (key === 'RET' && value !== undefined) return features.dsn ? retParameter(to, value) : replies.DSN_DISABLED
  if (key === 'ENVID' && value !== undefined) return features.dsn ? envidParameter(to, value) : replies.DSN_DISABLED
  // RFC 4954 section 5: whoever does not trust the client may take it for AUTH=<>
  if (key === 'AUTH' && value !== undefined) return undefined
  return replies.unsupported(word)
}

/** RFC 1870 section 6 */
function sizeParameter(to: Writable<MailParameters>, value: string): Problem {
  if (!/^\d+$/.test(value)) return replies.BAD_SIZE
  to.size = Number(value)
  return BigInt(value) >= FILE_LIMIT ? replies.SIZE_ABSURD : undefined
}
/** RFC 3461 section 4.3 */
function retParameter(to: Writable<MailParameters>, value: string): Problem {
  if (to.ret !== undefined || !/^(FULL|HDRS)$/i.test(value)) return replies.BAD_RET
  to.ret = value.toUpperCase() as 'FULL' | 'HDRS'
  return undefined
}
/** RFC 3461 section 4.4 */
function envidParameter(to: Writable<MailParameters>, value: string): Problem {
  const envid = unxtext(value)
  if (to.envid !== undefined || envid === undefined || !PRINTABLE.test(envid)) return replies.BAD_ENVID
  to.envid = envid
  return undefined
}

export function rcptParameters(text: string, features: Features): RcptParameters | Reply {
  if (text === '') return NO_RCPT
  const to: Writable<RcptParameters> = {}
  for (const word of wordsOf(text)) {
    const [key, value] = keyAndValue(word)
    if (value === undefined || (key !== 'NOTIFY' && key !== 'ORCPT')) return replies.unsupported(word)
    if (!features.dsn) return replies.DSN_DISABLED
    const problem = key === 'NOTIFY' ? notifyParameter(to, value) : orcptParameter(to, value)
    if (problem) return problem
  }
  return to
}

/** RFC 3461 section 4.1: NEVER stands alone. Postfix looks over commas too many. */
function notifyParameter(to: Writable<RcptParameters>, value: string): Problem {
  const words = value.toUpperCase().split(',').filter(Boolean)
  const known =
    words.length > 0 && words.every((w) => w === 'NEVER' || w === 'SUCCESS' || w === 'FAILURE' || w === 'DELAY')
  const kinds = new Set(words as Notify[])
  if (to.notify !== undefined || !known || (kinds.has('NEVER') && kinds.size > 1)) return replies.BAD_NOTIFY
  to.notify = [...kinds]
  return undefined
}
/** RFC 3461 section 4.2; the address type utf-8 has an encoding of its own (RFC 6533 section 3) */
function orcptParameter(to: Writable<RcptParameters>, value: string): Problem {
  const split = value.indexOf(';')
  if (to.orcpt !== undefined || split < 1) return replies.BAD_ORCPT
  const type = value.slice(0, split)
  const coded = value.slice(split + 1)
  const address = type.toLowerCase() === 'utf-8' ? unuxtext(coded) : unxtext(coded)
  if (address === undefined || CONTROL.test(type + address)) return replies.BAD_ORCPT
  to.orcpt = `${type};${address}`
  return undefined
}

function keyAndValue(word: string): [string, string | undefined] {
  const split = word.indexOf('=')
  return split < 0 ? [word.toUpperCase(), undefined] : [word.slice(0, split).toUpperCase(), word.slice(split + 1)]
}
