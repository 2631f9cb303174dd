/** postcat -q: a message of the queue, whole or in parts. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connectDaemon } from '@postern/cli/client'
import { QueueAtRest, RunningQueue } from '@postern/cli/queue'
import { readDrop } from '@postern/sendmail'
import { Fatal, placeOf, systemText } from '@postern/sendmail/queue'
import { becomeOwner } from '../at-rest.ts'
import { getopt, has, valueOf } from '../getopt.ts'
import { foundAt } from '../place.ts'
import type { Place } from '../place.ts'
import { program } from '../program.ts'
import type { Say } from '../program.ts'
import { printedDrop } from './drop.ts'
import { printed } from './print.ts'
import type { Parts } from './print.ts'

const USAGE =
  'usage: postcat [-b (body text)] [-c config_dir] [-d (decimal record type)] [-e (envelope records)] [-h (header text)]' +
  ' [-q (access queue)] [-v] [file(s)...]'

export const main = (argv: readonly string[]): Promise<void> => program('postcat', 1, (say) => run(argv.slice(2), say))

async function run(argv: readonly string[], say: Say): Promise<undefined> {
  const parsed = getopt(argv, 'bc:dehqv', say)
  if (parsed.bad) throw new Fatal(USAGE)
  const all = !['b', 'e', 'h'].some((letter) => has(parsed, letter))
  const parts = {
    envelope: all || has(parsed, 'e'),
    header: all || has(parsed, 'h'),
    body: all || has(parsed, 'b'),
    types: has(parsed, 'd'),
    labels: has(parsed, 'v'),
  }
  if (!has(parsed, 'q')) return files(parsed.words, parts)
  if (parsed.words.length === 0) return
  const place = await placeOf(valueOf(parsed, 'c'))
  const queue = await queueOf(place, parsed.words[0]!)
  for (const id of parsed.words) {
    let isThere = false
    for await (const whole of queue.wholes({ ids: [id] })) {
      isThere = true
      for await (const line of printed(whole, parts))
        if (!process.stdout.write(line)) await once(process.stdout, 'drain')
    }
    if (!isThere) throw new Fatal(`open queue file ${id}: No such file or directory`)
  }
}
/** Files of the drop folder, by their paths; without any standard input is one. The queue itself has no file for each message. */
async function files(paths: readonly string[], parts: Parts): Promise<undefined> {
  for (const path of paths.length > 0 ? paths : [undefined]) {
    const name = path ?? 'stdin'
    const bytes = read(path)
    // as nothing was asked for
    if (bytes.length === 0 && path === undefined) continue
    const drop = readDrop(bytes)
    if (!drop)
      throw new Fatal(`${name}: not a file of the drop folder; messages of the queue are named by their IDs, with -q`)
    for (const line of printedDrop(drop, name, parts))
      if (!process.stdout.write(line)) await once(process.stdout, 'drain')
  }
}
function read(path: string | undefined): Buffer {
  try {
    return readFileSync(path ?? 0)
  } catch (error) {
    throw new Fatal(`open ${path ?? 'stdin'}: ${systemText(error)}`)
  }
}
/** The running daemon's, or what a stopped one has left. */
async function queueOf(place: Place, id: string): Promise<Pick<RunningQueue, 'wholes'>> {
  const daemon = await connectDaemon(place.spool).catch((error: unknown) => {
    // somebody else's queue
    if (process.getuid!() === 0) throw error
    throw new Fatal(`open queue file ${id}: Permission denied`)
  })
  if (daemon) return new RunningQueue(daemon)
  const found = await foundAt(place)
  becomeOwner(place.spool)
  return new QueueAtRest(found)
}
