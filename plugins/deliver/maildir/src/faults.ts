/** Disk faults as outcomes. */
import { getSystemErrorMap } from 'node:util'
import { deferred, failedWith } from '@postern/core'
import type { Outcome, TemporaryCode } from '@postern/core'

/** A file operation that failed, and what it was for. */
export class FileFault extends Error {
  readonly code: string
  constructor(doing: string, cause: NodeJS.ErrnoException) {
    super(`${doing}: ${sentence(cause)}`, { cause })
    this.name = 'FileFault'
    this.code = cause.code ?? ''
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

/** `No space left on device`, as strerror(3) has it. */
function sentence(error: NodeJS.ErrnoException): string {
  const text = (error.errno !== undefined && getSystemErrorMap().get(error.errno)?.[1]) || error.message
  return text.charAt(0).toUpperCase() + text.slice(1)
}

// Postfix returns mail on EDQUOT as 5.2.2; a quota is raised or emptied sooner than mail expires, and a fault never loses mail
const CODES: Readonly<Record<string, TemporaryCode>> = { ENOSPC: '4.3.0', EDQUOT: '4.2.2' }

/** The outcome for a fault of the disk; `undefined` for an error that is not one. */
export function outcomeOf(error: unknown): Outcome | undefined {
  if (error instanceof TooLarge)
    return failedWith('5.2.2', 'maildir delivery failed: error writing message: File too large')
  if (!(error instanceof FileFault)) return undefined
  return deferred(CODES[error.code] ?? '4.2.0', `maildir delivery failed: ${error.message}`, { cause: error })
}
