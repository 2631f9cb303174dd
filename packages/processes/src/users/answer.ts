/** What a helper answers, checked by the asker: in strict mode it comes from a process of the recipient, who may be anybody. */
import type { UserAnswer, UserOutcome } from '@postern/core'

/** The answer to what was asked is none. */
export class BadAnswer extends Error {}

const CODES: Readonly<Record<UserOutcome['kind'], RegExp>> = {
  delivered: /^2\.\d{1,3}\.\d{1,3}$/,
  deferred: /^4\.\d{1,3}\.\d{1,3}$/,
  failed: /^5\.\d{1,3}\.\d{1,3}$/,
}
/** It stands in replies, logs and reports. */
// eslint-disable-next-line no-control-regex
const oneLine = (text: string): string => text.replace(/[\x00-\x1f\x7f]/g, '?')

/** Throws BadAnswer. What is known is copied, and nothing else. */
export function outcomeIn(answer: unknown): UserOutcome {
  const { kind, esc, text, output } = fieldsOf(answer)
  if (typeof kind !== 'string' || !Object.hasOwn(CODES, kind) || typeof esc !== 'string' || typeof text !== 'string')
    throw new BadAnswer('no outcome')
  if (!CODES[kind as UserOutcome['kind']].test(esc)) throw new BadAnswer(`${kind} with ${oneLine(esc)}`)
  if (output !== undefined && typeof output !== 'string') throw new BadAnswer('an output that is no text')
  return { kind, esc, text: oneLine(text), ...(output === undefined ? {} : { output }) } as UserOutcome
}
/** Throws BadAnswer. */
export function userIn(answer: unknown): UserAnswer {
  const { kind, cause, user } = fieldsOf(answer)
  if (kind === 'absent') return { kind }
  if (kind === 'failed') return { kind, cause: oneLine(String(cause)) }
  const { name, uid, gid, home, shell } = fieldsOf(user)
  const texts = [name, home, shell]
  if (kind !== 'found' || !texts.every((t) => typeof t === 'string') || ![uid, gid].every(Number.isSafeInteger))
    throw new BadAnswer('no user')
  return { kind, user: { name, uid, gid, home, shell } } as UserAnswer
}
function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new BadAnswer('no object')
  return value as Record<string, unknown>
}
