/** postcat -q: a message of the queue, whole or in parts. */
import { once } from 'node:events'
import { connectDaemon } from '@postern/cli/client'
import { QueueAtRest, RunningQueue } from '@postern/cli/queue'
import { Fatal, placeOf } from '@postern/sendmail/queue'
import { becomeOwner } from '../at-rest.ts'
import { getopt, has, valueOf } from '../getopt.ts'
import { foundAt } from '../place.ts'
import type { Place } from '../place.ts'
import { program } from '../program.ts'
import type { Say } from '../program.ts'
import { printed } from './print.ts'

const USAGE =
  'usage: postcat [-b (body text)] [-c config_dir] [-d (decimal record type)] [-e (envelope records)] [-h (header text)]' +
  ' [-q (access queue)] [-v] [file(s)...]'

export const main = (argv: readonly string[]): Promise<void> => program('postcat', 1, (say) => run(argv.slice(2), say))

async function run(argv: readonly string[], say: Say): Promise<undefined> {
  const parsed = getopt(argv, 'bc:dehqv', say)
  if (parsed.bad) throw new Fatal(USAGE)
  const place = await placeOf(valueOf(parsed, 'c'))
  if (!has(parsed, 'q')) throw new Fatal('the queue has no file for each message: name it by its queue ID, with -q')
  const all = !['b', 'e', 'h'].some((letter) => has(parsed, letter))
  const parts = {
    envelope: all || has(parsed, 'e'),
    header: all || has(parsed, 'h'),
    body: all || has(parsed, 'b'),
    types: has(parsed, 'd'),
    labels: has(parsed, 'v'),
  }
  if (parsed.words.length === 0) return
  const queue = await queueOf(place)
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
/** The running daemon's, or what a stopped one has left. */
async function queueOf(place: Place): Promise<Pick<RunningQueue, 'wholes'>> {
  const daemon = await connectDaemon(place.spool)
  if (daemon) return new RunningQueue(daemon)
  const found = await foundAt(place)
  becomeOwner(place.spool)
  return new QueueAtRest(found)
}
