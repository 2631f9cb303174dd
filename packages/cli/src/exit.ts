/** Exit codes of sysexits(3), and errors that carry one. */
export const EX = {
  OK: 0,
  /** wrong use of the command */
  USAGE: 64,
  /** what was given as input cannot be used */
  DATAERR: 65,
  /** an input file is not there */
  NOINPUT: 66,
  /** the daemon does not answer, or something it needs is not to be had */
  UNAVAILABLE: 69,
  /** an error of the program itself */
  SOFTWARE: 70,
  /** a file cannot be written */
  CANTCREAT: 73,
  /** the configuration does not check */
  TEMPFAIL: 75,
  CONFIG: 78,
} as const
export type ExitCode = (typeof EX)[keyof typeof EX]

/** An error whose text is all that a person needs: no stack is printed. */
export class CommandError extends Error {
  readonly exit: ExitCode
  constructor(exit: ExitCode, message: string) {
    super(message)
    this.name = 'CommandError'
    this.exit = exit
  }
}
