/** postqueue: the queue listed and flushed, for every user. */
import { EX, Fatal, flushAll, flushId, flushSite, listQueue, placeOf } from '@postern/sendmail/queue'
import type { ListOptions } from '@postern/sendmail/queue'
import { getopt, valueOf } from './getopt.ts'
import { program } from './program.ts'
import type { Say } from './program.ts'

const USAGE = 'usage: postqueue -f | postqueue -i queueid | postqueue -j | postqueue -p | postqueue -s site'
const MODES = 'fijps'

export const main = (argv: readonly string[]): Promise<void> =>
  program('postqueue', EX.UNAVAILABLE, (say) => run(argv.slice(2), say))

async function run(argv: readonly string[], say: Say): Promise<undefined> {
  const parsed = getopt(argv, 'c:fi:jps:v', say)
  const modes = parsed.options.filter((o) => MODES.includes(o.letter))
  if (parsed.bad || modes.length !== 1 || parsed.words.length > 0) throw new Fatal(USAGE)
  const [{ letter, value }] = modes as [(typeof modes)[number]]
  const place = await placeOf(valueOf(parsed, 'c'))
  switch (letter) {
    case 'p':
    case 'j':
      return void (await listQueue(place, { json: letter === 'j', atRest: onDisk, say }))
    case 'f':
      return void (await flushAll(place))
    case 'i':
      return void (await flushId(place, value))
    default:
      return void (await flushSite(place, value, async (table, name) =>
        (await import('./tables.ts')).tableHas(table, name),
      ))
  }
}
/** Loaded only where no daemon answers. */
const onDisk: ListOptions['atRest'] = async (place) => (await import('./at-rest.ts')).atRest(place)
