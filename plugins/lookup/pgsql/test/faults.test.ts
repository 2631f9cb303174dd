import { sqlFaults } from '../../../../packages/lookup-kit/test/support/sql-faults.ts'
import { startPostgres } from './postgres.ts'
import { SCHEMA, startRig, why } from './rig.ts'

sqlFaults({
  type: 'pgsql',
  why,
  rig: () => startRig(),
  async other() {
    const db = await startPostgres()
    db.sql(SCHEMA.replaceAll("'joe'", "'other'"))
    return db
  },
  slow: "select '%s' from pg_sleep(0.02)",
  slower: "select goto from aliases, pg_sleep(0.3) where alias = '%s'",
})
