/** What ends a delivery with an outcome. */
import { codeOf, strerror } from '@postern/mailboxes/strerror'
import type { PermanentCode, TemporaryCode, UserOutcome, UserRequest } from '@postern/core'

/** Thrown where a delivery ends; what it has begun is taken back. */
export class Ended extends Error {
  readonly outcome: UserOutcome
  constructor(outcome: UserOutcome) {
    super(outcome.text)
    this.outcome = outcome
  }
}
const failedBy = (esc: PermanentCode, text: string): Ended => new Ended({ kind: 'failed', esc, text })
export const deferredBy = (esc: TemporaryCode, text: string): Ended => new Ended({ kind: 'deferred', esc, text })

/** What a fault becomes: deferred, unless the request wants some returned as Postfix does. */
export type Returns = Pick<UserRequest & { readonly kind: 'mbox' }, 'returnOverQuota' | 'returnFaults'>

const CODES: Readonly<Record<string, TemporaryCode>> = { ENOSPC: '4.3.0', EDQUOT: '4.2.2' }
// another try may find it otherwise; Postfix's mbox_dsn() defers for these too
const PASSING = ['ENOSPC', 'EAGAIN', 'ESTALE', 'EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EINTR', 'ENOLCK']

/** Runs one step; a file operation in it that fails ends the delivery: `what: No space left on device` behind the prefix. */
export function doing<T>(prefix: string, what: string, step: () => T, returns: Returns = {}): T {
  try {
    return step()
  } catch (error) {
    if (error instanceof Ended || (error as NodeJS.ErrnoException).syscall === undefined) throw error
    const code = codeOf(error)
    const text = `${prefix}${what}: ${strerror(error as NodeJS.ErrnoException)}`
    if (code === 'EDQUOT' && returns.returnOverQuota) throw failedBy('5.2.2', text)
    if (!PASSING.includes(code) && code !== 'EDQUOT') throw mendable(text, returns)
    throw deferredBy(CODES[code] ?? '4.2.0', text)
  }
}
/** What stays as it is until somebody mends it. */
export const mendable = (text: string, returns: Returns): Ended =>
  returns.returnFaults ? failedBy('5.2.0', text) : deferredBy('4.2.0', text)
