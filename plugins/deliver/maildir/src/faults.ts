/** Disk faults as outcomes. */
import { deferred, failedWith } from '@postern/core'
import type { Outcome, TemporaryCode } from '@postern/core'
import { codeOf, strerror } from '@postern/mailboxes'

/** A file operation that failed, and what it was for. */
export class FileFault extends Error {
  readonly code: string
  constructor(doing: string, cause: NodeJS.ErrnoException) {
    super(`${doing}: ${strerror(cause)}`, { cause })
    this.name = 'FileFault'
    this.code = codeOf(cause)
  }
}
/** The file would be larger than virtualMailboxLimit. */
export class TooLarge extends Error {}

/** Names the operation in what a failed file operation throws; other errors pass as they are. */
export async function doing<T>(what: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (error) {
    throw asFault(what, error)
  }
}
export const asFault = (what: string, error: unknown): unknown =>
  error instanceof Error &&
  !(error instanceof FileFault) &&
  typeof (error as NodeJS.ErrnoException).syscall === 'string'
    ? new FileFault(what, error)
    : error

// a quota is raised or emptied sooner than mail expires, and a fault never loses mail
const CODES: Readonly<Record<string, TemporaryCode>> = { ENOSPC: '4.3.0', EDQUOT: '4.2.2' }

/** The outcome for a fault of the disk; `undefined` for an error that is not one. `returnOverQuota`: as Postfix does. */
export function outcomeOf(error: unknown, returnOverQuota: boolean): Outcome | undefined {
  if (error instanceof TooLarge)
    return failedWith('5.2.2', 'maildir delivery failed: error writing message: File too large')
  if (!(error instanceof FileFault)) return undefined
  const text = `maildir delivery failed: ${error.message}`
  if (error.code === 'EDQUOT' && returnOverQuota) return failedWith('5.2.2', text, { cause: error })
  return deferred(CODES[error.code] ?? '4.2.0', text, { cause: error })
}
