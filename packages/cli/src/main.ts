/** The command's entry: reads the arguments, runs one command, says how it ended. */
import { CommanderError } from 'commander'
import { EX } from './exit.ts'
import { program } from './program.ts'

/** Runs the command that `argv` (as in `process.argv`) names, and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // a reader that has seen enough (`postern queue list | head`) is no error
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EX.OK : EX.SOFTWARE),
  )
  try {
    await program().parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EX.OK : EX.USAGE
      return
    }
    const { failureOf } = await import('./failure.ts')
    const { text, exit } = failureOf(error)
    const { tellParent } = await import('./daemon/parent.ts')
    if (!(await tellParent({ postern: 'failed', text, exit }))) process.stderr.write(`${text}\n`)
    // whatever a plugin left open must not keep a command that has failed
    process.exit(exit)
  }
}
