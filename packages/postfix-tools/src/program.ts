/** How each of the programs begins and ends. */
import { Fatal, systemText } from '@postern/sendmail/queue'
import type { ExitCode } from '@postern/sendmail/queue'
import { CommandError } from '@postern/cli/client'

export type Say = (text: string) => void

/** Said only where standard error is a terminal, as Postfix's programs do that have a log to write to. */
export class Quiet extends Fatal {}

/** Runs `body` and sets the exit code; what it throws is said as `NAME: fatal: TEXT` and ends with `exit`. */
export async function program(
  name: string,
  exit: ExitCode | 1,
  body: (say: Say) => Promise<number | undefined>,
): Promise<void> {
  const say: Say = (text) => void process.stderr.write(`${name}: ${printable(text)}\n`)
  // a reader that has seen enough is no error
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  try {
    process.exitCode = (await body(say)) ?? 0
  } catch (error) {
    if (!(error instanceof Quiet) || process.stderr.isTTY) say(`fatal: ${textOf(error)}`)
    process.exitCode = exit
  }
}
/** What stands in a file must not move somebody's cursor. */
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f]/g, '?') // eslint-disable-line no-control-regex
/** An error of the system in the words of strerror(3), the others' own. */
function textOf(error: unknown): string {
  if (error instanceof Fatal || error instanceof CommandError) return error.message
  const { errno, message, path } = error as NodeJS.ErrnoException
  return errno === undefined ? message : `${path === undefined ? '' : `${path}: `}${systemText(error)}`
}
