import type { OpenTable } from '@postern/core'
import { sleep, tableContract, until } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startPostgres } from './postgres.ts'
import { get, SCHEMA, startRig, why } from './rig.ts'
import type { Options, Rig } from './rig.ts'

const F = /^! pgsql:/
const test = suite('pgsql: faults')
let rig: Rig
let starting: Promise<Rig> | undefined
/** once for both suites */
const started = async () => void (rig = await (starting ??= startRig()))
const withTable = (name: string, options: Options, body: (table: OpenTable) => Promise<void>) =>
  (why ? test.skip : test)(name, () => rig.with(options, body))
if (!why) {
  test.before(started)
  test.before.each(() => {
    rig.events = []
  })
  test.after(() => rig.db.remove())
}
withTable(
  'no more connections than the server gives one user',
  { user: 'few', connections: 8, query: "select '%s' from pg_sleep(0.02)" },
  async (table) => {
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
    assert.equal(await Promise.all(keys.map((key) => get(table, key))), keys)
  },
)
withTable(
  'killed while it is asked, back without a restart of ours',
  { query: "select goto from aliases, pg_sleep(0.3) where alias = '%s'" },
  async (table) => {
    assert.is(await get(table, 'joe@site.example'), 'joe')
    const asked = [get(table, 'joe@site.example'), get(table, 'nobody')]
    await sleep(50)
    rig.db.signal('SIGKILL')
    for (const answer of await Promise.all(asked)) assert.match(answer!, F)
    await rig.db.stop()
    for (let i = 0; i < 5; i++) assert.match((await get(table, 'nobody'))!, F)
    assert.is(rig.events.filter(([event]) => event === 'table.down').length, 1, 'told once')
    await rig.db.start()
    await until('the server is back', async () => (await get(table, 'joe@site.example')) === 'joe')
    assert.equal(
      rig.events.map(([event]) => event),
      ['table.down', 'table.up'],
    )
  },
)
withTable('restarted while nobody asks: the next lookup works', {}, async (table) => {
  assert.is(await get(table, 'joe@site.example'), 'joe')
  await rig.db.stop()
  await rig.db.start()
  assert.is(await get(table, 'joe@site.example'), 'joe')
})
withTable('hung', { timeout: '300ms' }, async (table) => {
  assert.is(await get(table, 'joe@site.example'), 'joe')
  rig.db.signal('SIGSTOP')
  try {
    assert.match((await get(table, 'joe@site.example'))!, /no answer in time/)
    await sleep(1100)
    // a new connection hangs, too
    assert.match((await get(table, 'joe@site.example'))!, /no answer in time/)
  } finally {
    rig.db.signal('SIGCONT')
  }
  await until('it goes on', async () => (await get(table, 'joe@site.example')) === 'joe')
})
withTable('another server is asked meanwhile', {}, async () => {
  const other = await startPostgres()
  other.sql(SCHEMA.replaceAll("'joe'", "'other'"))
  try {
    const hosts = `127.0.0.1:${rig.db.port} inet:127.0.0.1:${other.port}`
    await rig.with({ hosts, timeout: '500ms' }, async (table) => {
      await rig.db.stop()
      for (let i = 0; i < 8; i++) assert.is(await get(table, 'joe@site.example'), 'other')
      await rig.db.start()
      await other.stop()
      await until('the first one', async () => (await get(table, 'joe@site.example')) === 'joe')
      assert.ok(
        rig.events.some(([event, f]) => event === 'table.server.down' && f.server === `127.0.0.1:${other.port}`),
      )
    })
  } finally {
    await other.remove()
  }
})
if (!why)
  tableContract('pgsql', async () => {
    await started()
    const table = await rig.open({ timeout: '1s' })
    let broken = false
    return {
      table,
      found: { 'joe@site.example': 'joe', "o'hara@site.example": 'o', 'two@site.example': 'a@b.example,c,d' },
      absent: ['nobody@site.example', '@site.example'],
      breakIt: () => ((broken = true), rig.db.stop()),
      hang: () => rig.db.signal('SIGSTOP'),
      async close() {
        rig.db.signal('SIGCONT')
        if (broken) await rig.db.start()
      },
    }
  })
test.run()
