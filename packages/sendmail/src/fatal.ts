/** How a command ends: exit codes of sysexits(3), and texts as Postfix words them. */
import { getSystemErrorMap } from 'node:util'

export const EX = {
  OK: 0,
  DATAERR: 65,
  UNAVAILABLE: 69,
  SOFTWARE: 70,
  OSERR: 71,
  TEMPFAIL: 75,
} as const
export type ExitCode = (typeof EX)[keyof typeof EX]

/**
 * Ends the command with `NAME: fatal: TEXT`. Whatever is wrong on the command line or with the message ends with 75, as in
 * Postfix: a caller that knows sysexits(3) keeps the mail and asks somebody.
 */
export class Fatal extends Error {
  readonly exit: ExitCode
  constructor(text: string, exit: ExitCode = EX.TEMPFAIL) {
    super(text)
    this.exit = exit
  }
}

/** `No such file or directory`: an error of the system in the words of strerror(3). */
export function systemText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException
  const text = (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message
  return text.charAt(0).toUpperCase() + text.slice(1)
}
