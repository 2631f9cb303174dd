/** What tables in an SQL server answer when it is killed, started again, hung or replaced by another. */
import type { OpenTable } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep, tableContract, until } from '@postern/testkit'
import { get } from './sql-rig.ts'
import type { Database, Options, SqlRig } from './sql-rig.ts'

export interface SqlFaults {
  readonly type: string
  /** why nothing can be tested */
  readonly why: string | undefined
  /** the first has the schema with `joe@site.example -> joe`, the other one `-> other` */
  rig(): Promise<SqlRig>
  other(): Promise<Database>
  /** queries that take 20 and 200 ms; the second one asks the table */
  readonly slow: string
  readonly slower: string
  /** more tests */
  more?(withTable: WithTable, rig: () => SqlRig): void
}
type WithTable = (name: string, options: Options, body: (table: OpenTable) => Promise<void>) => void

export function sqlFaults(o: SqlFaults): void {
  const test = suite(`${o.type}: faults`)
  const failed = new RegExp(`^! ${o.type}:`)
  let rig: SqlRig
  let starting: Promise<SqlRig> | undefined
  /** once for both suites */
  const started = async () => void (rig = await (starting ??= o.rig()))
  const withTable: WithTable = (name, options, body) => (o.why ? test.skip : test)(name, () => rig.with(options, body))
  if (!o.why) {
    test.before(started)
    test.before.each(() => void (rig.events = []))
    test.after(() => rig.db.remove())
  }

  withTable(
    'no more connections than the server gives one user',
    { user: 'few', connections: 8, query: o.slow },
    async (table) => {
      const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
      assert.equal(await Promise.all(keys.map((key) => get(table, key))), keys)
    },
  )
  o.more?.(withTable, () => rig)
  withTable('killed while it is asked, back without a restart of ours', { query: o.slower }, async (table) => {
    assert.is(await get(table, 'joe@site.example'), 'joe')
    const asked = [get(table, 'joe@site.example'), get(table, 'nobody')]
    await sleep(50)
    rig.db.kill('SIGKILL')
    for (const answer of await Promise.all(asked)) assert.match(answer!, failed)
    await rig.db.stop()
    for (let i = 0; i < 5; i++) assert.match((await get(table, 'nobody'))!, failed)
    assert.is(rig.events.filter(([event]) => event === 'table.down').length, 1, 'told once')
    await rig.db.start()
    await until('the server is back', async () => (await get(table, 'joe@site.example')) === 'joe')
    assert.equal(
      rig.events.map(([event]) => event),
      ['table.down', 'table.up'],
    )
  })
  withTable('restarted while nobody asks: the next lookup works', {}, async (table) => {
    assert.is(await get(table, 'joe@site.example'), 'joe')
    await rig.db.stop()
    await rig.db.start()
    assert.is(await get(table, 'joe@site.example'), 'joe')
  })
  withTable('hung', { timeout: '300ms' }, async (table) => {
    assert.is(await get(table, 'joe@site.example'), 'joe')
    rig.db.kill('SIGSTOP')
    try {
      assert.match((await get(table, 'joe@site.example'))!, /no answer in time/)
      await sleep(1100)
      // a new connection hangs, too
      assert.match((await get(table, 'joe@site.example'))!, /no answer in time/)
    } finally {
      rig.db.kill('SIGCONT')
    }
    await until('it goes on', async () => (await get(table, 'joe@site.example')) === 'joe')
  })
  withTable('another server is asked meanwhile', {}, async () => {
    const other = await o.other()
    const hosts = `127.0.0.1:${rig.db.port} inet:127.0.0.1:${other.port}`
    const table = await rig.open({ hosts, timeout: '500ms' })
    try {
      other.kill('SIGSTOP')
      for (let i = 0; i < 8; i++) assert.is(await get(table, 'joe@site.example'), 'joe')
      other.kill('SIGCONT')
      await rig.db.stop()
      await until('the other one', async () => (await get(table, 'joe@site.example')) === 'other')
      for (let i = 0; i < 8; i++) assert.is(await get(table, 'joe@site.example'), 'other')
      const down = rig.events.filter(([event]) => event === 'table.server.down')
      assert.ok(down.some(([, fields]) => fields.server === `127.0.0.1:${other.port}`))
      await rig.db.start()
      await other.stop()
      await until('the first one', async () => (await get(table, 'joe@site.example')) === 'joe')
    } finally {
      await table.close?.()
      await other.remove()
      await rig.db.start()
    }
  })
  if (!o.why)
    tableContract(o.type, async () => {
      await started()
      // a machine that is busy with other tests may take a second to log in
      const table = await rig.open({ timeout: '5s' })
      let broken = false
      return {
        table,
        found: { 'joe@site.example': 'joe', "o'hara@site.example": 'o', 'two@site.example': 'a@b.example,c,d' },
        absent: ['nobody@site.example', '@site.example'],
        breakIt: () => ((broken = true), rig.db.stop()),
        hang: () => rig.db.kill('SIGSTOP'),
        async close() {
          rig.db.kill('SIGCONT')
          if (broken) await rig.db.start()
        },
      }
    })
  test.run()
}
