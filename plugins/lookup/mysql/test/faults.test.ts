import * as assert from 'uvu/assert'
import { until } from '@postern/testkit'
import { sqlFaults } from '../../../../packages/lookup-kit/test/support/sql-faults.ts'
import { startMariaDb } from './mariadb.ts'
import { get, SCHEMA, startRig, why } from './rig.ts'

sqlFaults({
  type: 'mysql',
  why,
  rig: () => startRig(),
  async other() {
    const db = await startMariaDb()
    db.sql(SCHEMA.replaceAll("'joe'", "'other'"))
    return db
  },
  slow: "select '%s' from (select sleep(0.02)) s",
  slower: "select goto from aliases, (select sleep(0.2)) s where alias = '%s'",
  more(withTable, rig) {
    withTable('the server has no place left', {}, async (table) => {
      const query = "select '%s' from (select sleep(0.3)) s"
      const others = await Promise.all(
        Array.from({ length: 32 }, () => rig().open({ connections: 1, timeout: 5 + Math.random(), query })),
      )
      const busy = await Promise.all(others.map((t) => get(t, 'k')))
      assert.ok(
        busy.some((answer) => /Too many connections/.test(answer!)),
        'the limit was reached',
      )
      assert.ok(busy.every((answer) => answer === 'k' || answer!.startsWith('! ')))
      for (const t of others) await t.close?.()
      await until('a place', async () => (await get(table, 'joe@site.example')) === 'joe')
    })
  },
})
