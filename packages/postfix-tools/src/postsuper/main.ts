/** postsuper: messages held, released, expired, requeued, deleted by name or all of some queues; the queue checked. */
import { Fatal, placeOf } from '@postern/sendmail/queue'
import { getopt, has, valueOf } from '../getopt.ts'
import type { Parsed } from '../getopt.ts'
import { logger } from '../maillog.ts'
import { program } from '../program.ts'
import type { Say } from '../program.ts'
import { ACTIONS, Counts, QUEUES } from './actions.ts'
import type { Action } from './actions.ts'
import { checkQueue } from './check.ts'
import { openDesk } from './desk.ts'
import { carryOut, namesOf } from './orders.ts'
import type { Order } from './orders.ts'

const USAGE =
  'usage: postsuper [-c config_dir] [-d queue_id (delete)] [-e queue_id (expire)] [-f queue_id (expire and/or un-hold)]' +
  ' [-h queue_id (hold)] [-H queue_id (un-hold)] [-p (purge temporary files)] [-r queue_id (requeue)]' +
  ' [-s (structure fix)] [-S (redundant structure fix)][-v (verbose)] [queue...]'

export const main = (argv: readonly string[]): Promise<void> =>
  program('postsuper', 1, (say) => run(argv.slice(2), say))

async function run(argv: readonly string[], stderr: Say): Promise<undefined> {
  const parsed = getopt(argv, 'c:d:e:f:h:H:pr:sSv', stderr)
  if (parsed.bad) throw new Fatal(USAGE)
  const config = valueOf(parsed, 'c')
  if (config?.startsWith('/') === false) throw new Fatal('-c requires absolute pathname')
  const place = await placeOf(config)
  for (const name of parsed.words) if (!QUEUES.has(name)) throw new Fatal(`invalid directory name: ${name}`)
  const log = await logger(place, 'postsuper')
  const say: Say = (text) => {
    stderr(text)
    log.write(text)
  }
  const orders = ordersOf(parsed)
  const checks = has(parsed, 's') || has(parsed, 'S')
  if (checks || (orders.length === 0 && !has(parsed, 'p'))) await checkQueue(place, say)
  if (orders.length > 0) {
    const desk = await openDesk(place)
    const counts = new Counts()
    try {
      for (const order of orders) await carryOut(order, desk, counts, say)
    } finally {
      await desk.close()
      for (const line of counts.lines(orders.map((o) => o.action))) say(line)
    }
  }
  log.end()
}
/** In Postfix's order, whatever the command line's is; `-` is read once. */
function ordersOf(parsed: Parsed): Order[] {
  const queues = new Set(parsed.words)
  return (Object.keys(ACTIONS) as Action[]).flatMap((action) => {
    const words = parsed.options.filter((o) => o.letter === ACTIONS[action].letter).map((o) => o.value)
    if (words.length === 0) return []
    const all = words.includes('ALL')
    return [{ action, queues, names: all ? undefined : namesOf(words) }]
  })
}
