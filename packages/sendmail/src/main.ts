/** The commands sendmail, mailq and newaliases: one program, which goes by the name it is called by. What a mode needs is loaded by it alone. */
import { basename } from 'node:path'
import { EX, Fatal } from './fatal.ts'
import { parseFlags } from './flags.ts'
import type { Flags } from './flags.ts'
import { placeOf } from './place.ts'
import type { ListOptions } from './queue/list.ts'
import type { TableHas } from './queue/fast-flush.ts'

/** What whoever brings more along can do for the commands. */
export interface Helpers {
  readonly atRest?: ListOptions['atRest']
  readonly tableHas?: TableHas
}

/** Runs `argv` (with Node and script in front) and sets the exit code. */
export async function main(argv: readonly string[], helpers: Helpers = {}): Promise<void> {
  const name = basename(argv[1] ?? 'sendmail').replace(/\.js$/, '')
  // what is asked of the queue is said by its own name: Postfix's sendmail runs postqueue
  let speaker = name
  const say = (text: string) => void process.stderr.write(`${speaker}: ${text}\n`)
  try {
    const flags = parseFlags(name, argv.slice(2), say)
    if (isOfQueue(flags)) speaker = 'postqueue'
    process.exitCode = await run(flags, say, helpers)
  } catch (error) {
    say(`fatal: ${(error as Error).message}`)
    process.exitCode = error instanceof Fatal ? error.exit : EX.SOFTWARE
  }
}
const isOfQueue = ({ mode, flushSite, flushId, interval }: Flags): boolean =>
  !interval && (mode === 'mailq' || mode === 'flush' || flushSite !== undefined || flushId !== undefined)

async function run(flags: Flags, say: (text: string) => void, helpers: Helpers): Promise<number> {
  if (flags.mode === 'ignore' || (flags.interval && flags.mode !== 'daemon')) return EX.OK
  if (flags.mode === 'daemon') return (await import('./daemon.ts')).startDaemon(flags.config)
  // a file that is named needs no mail system
  if (flags.mode === 'newaliases' && flags.aliases !== undefined)
    return (await import('./aliases.ts')).built([flags.aliases], flags.config)
  const place = await placeOf(flags.config)
  switch (flags.mode) {
    case 'mailq':
      await (await import('./queue/list.ts')).listQueue(place, { atRest: helpers.atRest, say })
      return EX.OK
    case 'flush':
      await (await import('./queue/flush.ts')).flushAll(place)
      return EX.OK
    case 'newaliases':
      return (await import('./aliases.ts')).newaliases(place, flags.config, say)
    case 'user':
      return (await import('./stand-alone/index.ts')).standAlone(place)
    case 'enqueue': {
      const { flushSite, flushId } = flags
      const queue = () => import('./queue/flush.ts')
      if (flushSite !== undefined) await (await queue()).flushSite(place, flushSite.replace(/^@/, ''), helpers.tableHas)
      else if (flushId !== undefined) await (await queue()).flushId(place, flushId)
      else await (await import('./enqueue.ts')).enqueue(flags, place, say)
      return EX.OK
    }
  }
}
