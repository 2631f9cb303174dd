/** Servers that we would have to log in to (`smtp_sasl_password_maps`). */
import type { Call, Table } from '@postern/core'

/** A table that is away counts as yes: what is tried without a password may be returned for good. */
export async function needsLogin(tables: readonly Table[], keys: readonly string[], call: Call): Promise<boolean> {
  for (const table of tables)
    for (const key of keys) {
      const answer = await table.get(key.toLowerCase(), call)
      if (answer.kind !== 'absent') return true
    }
  return false
}
