/** Try waiting mail now: all of it, one site's, or one message. */
import { connectControl } from '../control.ts'
import { EX, Fatal } from '../fatal.ts'
import type { Place } from '../place.ts'
import { isAllowed } from './allowed.ts'
import { isFastFlush } from './fast-flush.ts'
import type { TableHas } from './fast-flush.ts'

const DOWN = 'Cannot flush mail queue - mail system is down'

async function ask(place: Place, args: object): Promise<void> {
  await isAllowed(place, 'authorized_flush_users', 'flush')
  const daemon = await connectControl(place.spool, DOWN)
  await daemon.ask('queue.flush', args).finally(() => daemon.close())
}
export const flushAll = (place: Place): Promise<void> => ask(place, {})

/** Nothing is said of a message that is not there, as in Postfix. */
export async function flushId(place: Place, id: string): Promise<void> {
  if (!/^\w{1,100}$/.test(id))
    throw new Fatal(`Cannot flush queue ID - invalid name: "${id.slice(0, 100)}"`, EX.UNAVAILABLE)
  await ask(place, { id: id.toUpperCase() })
}
/** Mail with a pending recipient at this domain. A Postfix folder says for which ones that may be asked (fast_flush_domains). */
export async function flushSite(place: Place, site: string, tableHas?: TableHas): Promise<void> {
  await isAllowed(place, 'authorized_flush_users', 'flush')
  const domain = site.toLowerCase()
  if (!/^(?:\[[^\s\]]+\]|[^\s@[\]]+)$/.test(domain) || domain.length > 255)
    throw new Fatal(`Cannot flush mail queue - invalid destination: "${site.slice(0, 100)}"`, EX.UNAVAILABLE)
  if (!(await isFastFlush(place, domain, tableHas)))
    throw new Fatal(`Flush service is not configured for destination "${site}"`, EX.UNAVAILABLE)
  await ask(place, { site: domain })
}
