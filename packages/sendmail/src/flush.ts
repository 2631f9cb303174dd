/** Try waiting mail now: all of it, one site's, or one message. */
import type { QueueEntry } from '@postern/core'
import { connectControl } from './control.ts'
import { EX, Fatal } from './fatal.ts'

const DOWN = 'Cannot flush mail queue - mail system is down'

export async function flushAll(spool: string): Promise<void> {
  const daemon = await connectControl(spool, DOWN)
  await daemon.ask('queue.flush').finally(() => daemon.close())
}
export async function flushId(spool: string, id: string): Promise<void> {
  if (!/^[0-9A-Za-z]{1,32}$/.test(id))
    throw new Fatal(`Cannot flush queue ID - invalid name: "${id.slice(0, 100)}"`, EX.UNAVAILABLE)
  const daemon = await connectControl(spool, DOWN)
  await daemon.ask('queue.flush', { id }).finally(() => daemon.close())
}
/** Mail with a pending recipient at this domain (`@` in front does not matter). */
export async function flushSite(spool: string, site: string): Promise<void> {
  const domain = site.replace(/^@/, '').toLowerCase()
  if (!/^(?:\[[^\s\]]+\]|[^\s@[\]]+)$/.test(domain))
    throw new Fatal(`Cannot flush mail queue - invalid destination: "${site.slice(0, 100)}"`, EX.UNAVAILABLE)
  const daemon = await connectControl(spool, DOWN)
  try {
    const ids: string[] = []
    await daemon.ask('queue.list', {}, (row) => {
      const { id, recipients } = row as QueueEntry
      if (recipients.some((r) => r.state === 'pending' && domainOf(r.address) === domain)) ids.push(id)
    })
    for (const id of ids) await daemon.ask('queue.flush', { id })
  } finally {
    daemon.close()
  }
}
const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()
