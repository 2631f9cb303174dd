/** One lookup, as a command makes it. */
import { logger, ownCall, silentSink, systemClock } from '@postern/core'
import type { Lookup, Table } from '@postern/core'

/** ms; a table has limits of its own, and this is for one that has none */
const PATIENCE = 120_000
const LOG = logger(() => silentSink)

export async function ask(table: Table, key: string): Promise<Lookup> {
  const own = ownCall(systemClock, LOG, PATIENCE)
  try {
    return await table.get(key, own.call)
  } finally {
    own.done()
  }
}
