/** What ends a delivery with an outcome. */
import { getSystemErrorMap } from 'node:util'
import type { TemporaryCode, UserOutcome } from '@postern/core'

/** Thrown where a delivery ends; what it has begun is taken back. */
export class Ended extends Error {
  readonly outcome: UserOutcome
  constructor(outcome: UserOutcome) {
    super(outcome.text)
    this.outcome = outcome
  }
}
export const deferredBy = (esc: TemporaryCode, text: string): Ended => new Ended({ kind: 'deferred', esc, text })

// Postfix returns mail on EDQUOT as 5.2.2; a quota is raised or emptied sooner than mail expires
const CODES: Readonly<Record<string, TemporaryCode>> = { ENOSPC: '4.3.0', EDQUOT: '4.2.2' }

/** Runs one step; a file operation in it that fails defers: `prefix: what: No space left on device`. */
export function doing<T>(prefix: string, what: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (error instanceof Ended || syscall === undefined) throw error
    throw deferredBy(CODES[code ?? ''] ?? '4.2.0', `${prefix}: ${what}: ${sentence(error as NodeJS.ErrnoException)}`)
  }
}
/** As strerror(3) has it. */
function sentence(error: NodeJS.ErrnoException): string {
  const known = error.errno === undefined ? undefined : getSystemErrorMap().get(error.errno)?.[1]
  const said = known ?? error.message
  return said.charAt(0).toUpperCase() + said.slice(1)
}
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code
