/** The Diagnostic-Code of a mailbox that could not be written (RFC 3464 section 2.3.6). */
import type { Outcome } from '@postern/core'

/** Where content could not be read or written Postfix names the exit status that a program would have had (sysexits.h, EX_IOERR). */
export const diagnosed = (outcome: Outcome): Outcome =>
  outcome.kind !== 'delivered' &&
  outcome.diagnostic === undefined &&
  / error (?:reading|writing) message: /.test(outcome.text)
    ? { ...outcome, diagnostic: 'x-unix; input/output error' }
    : outcome
