/** -s: whether everything in the queue is as it was written. The store repairs itself when it starts; this only reads. */
import { connectDaemon } from '@postern/cli/client'
import { verifier } from '@postern/cli/queue'
import { becomeOwner } from '../at-rest.ts'
import { foundAt } from '../place.ts'
import type { Place } from '../place.ts'
import type { Say } from '../program.ts'

/** Says each thing that is not. A running daemon looks after its queue itself, and what is changing cannot be checked. */
export async function checkQueue(place: Place, say: Say): Promise<void> {
  const daemon = await connectDaemon(place.spool)
  if (daemon) return daemon.close()
  const { existsSync } = await import('node:fs')
  if (!existsSync(place.spool)) return
  const found = await foundAt(place)
  becomeOwner(place.spool)
  const checker = await verifier(found)
  if (!('verify' in checker) || !existsSync(checker.folder)) return
  const { problems } = await checker.verify(checker.folder, {})
  for (const problem of problems) say(`warning: ${typeof problem === 'string' ? problem : JSON.stringify(problem)}`)
}
