/** The commands sendmail, mailq and newaliases: one program, which goes by the name it is called by. What a mode needs is loaded by it alone. */
import { basename } from 'node:path'
import { EX, Fatal } from './fatal.ts'
import { parseFlags } from './flags.ts'
import type { Flags } from './flags.ts'
import { spoolOf } from './place.ts'

/** Runs `argv` (with Node and script in front) and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const name = basename(argv[1] ?? 'sendmail').replace(/\.js$/, '')
  const say = (text: string) => void process.stderr.write(`${name}: ${text}\n`)
  try {
    const flags = parseFlags(name, argv.slice(2), say)
    process.exitCode = await run(flags, say)
  } catch (error) {
    say(`fatal: ${(error as Error).message}`)
    process.exitCode = error instanceof Fatal ? error.exit : EX.SOFTWARE
  }
}

async function run(flags: Flags, say: (text: string) => void): Promise<number> {
  if (flags.mode === 'ignore' || (flags.interval && flags.mode !== 'daemon')) return EX.OK
  if (flags.mode === 'daemon') return (await import('./daemon.ts')).startDaemon(flags.config)
  const spool = await spoolOf(flags.config)
  switch (flags.mode) {
    case 'mailq':
      await (await import('./mailq.ts')).mailq(spool)
      return EX.OK
    case 'flush':
      await (await import('./flush.ts')).flushAll(spool)
      return EX.OK
    case 'newaliases':
      return (await import('./aliases.ts')).newaliases(spool, flags, say)
    case 'user':
      return (await import('./smtp.ts')).standAlone(spool)
    case 'enqueue': {
      const { flushSite, flushId } = flags
      if (flushSite !== undefined) await (await import('./flush.ts')).flushSite(spool, flushSite)
      else if (flushId !== undefined) await (await import('./flush.ts')).flushId(spool, flushId)
      else await (await import('./enqueue.ts')).enqueue(flags, spool, say)
      return EX.OK
    }
  }
}
