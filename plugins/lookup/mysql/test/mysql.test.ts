import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenTable } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CASES } from './cases.ts'
import { get, PASSWORD, startRig, why } from './rig.ts'
import type { Options, Rig } from './rig.ts'

const test = suite('mysql')
let rig: Rig
const it = (name: string, body: () => Promise<void>) => (why ? test.skip : test)(name, body)
const withTable = (name: string, options: Options, body: (table: OpenTable) => Promise<void>) =>
  it(name, () => rig.with(options, body))
if (!why) {
  test.before(async () => {
    rig = await startRig()
  })
  test.before.each(() => {
    rig.events = []
  })
  test.after(() => rig.db.remove())
}

for (const [name, options, answers] of CASES)
  withTable(name, options, async (table) => {
    for (const [key, expected] of Object.entries(answers)) {
      const answer = await get(table, key)
      if (expected instanceof RegExp) assert.match(answer ?? 'absent', expected, key)
      else assert.is(answer, expected, key)
    }
  })

withTable('10,000 results', { query: "select goto from many where alias = '%s'" }, async (table) => {
  const all = (await get(table, 'many'))!.split(',')
  assert.is(all.length, 10_000)
  assert.is(all[9999], 'user10000')
})
withTable(
  '10,000 results above a limit',
  { query: "select goto from many where alias = '%s'", expansion_limit: 1 },
  async (table) => {
    assert.match((await get(table, 'many'))!, /more than 1/)
    assert.is(await get(table, 'none'), undefined)
  },
)
withTable('NO_BACKSLASH_ESCAPES is heeded', {}, async (table) => {
  rig.db.sql("set global sql_mode = 'NO_BACKSLASH_ESCAPES'")
  try {
    for (const [key, value] of [
      ['back\\slash@site.example', 'b'],
      ["o'hara@site.example", 'o'],
      ["\\' or 1=1 -- ", undefined],
    ] as const)
      assert.is(await get(table, key), value, key)
  } finally {
    rig.db.sql('set global sql_mode = default')
  }
})
it('by the socket: unix:, and localhost with the socket of an option file', async () => {
  writeFileSync(
    join(rig.db.folder, 'my.cnf'),
    `[client]\nsocket = "${rig.db.socket}"\nuser=wrong\n[postern]\nuser = p\npassword='${PASSWORD}' \n`,
  )
  for (const hosts of [`unix:${rig.db.socket}`, 'localhost', 'inet:localhost:1']) {
    const table = await rig.open({ hosts, user: '', password: '', option_file: 'my.cnf', option_group: 'postern' })
    assert.is(await table.check?.(), undefined)
    assert.is(await get(table, 'joe@site.example'), 'joe', hosts)
    await table.close?.()
  }
})
const WRONG: [string, Options, RegExp][] = [
  ['a wrong password', { password: 'wr0ng-one' }, /Access denied for user 'p'/],
  ['nobody there', { hosts: '127.0.0.1:1' }, /127\.0\.0\.1:1.*ECONNREFUSED/],
  ['a wrong table', { query: "select a from nosuch where b = '%s'" }, /nosuch/],
  ['no query', { query: '' }, /table: is missing/],
  ['a certificate that is not there', { tls_CAfile: '/nonexistent.pem' }, /tls_CAfile: ENOENT/],
  ['a host that is none', { hosts: 'unix:' }, /hosts: expected/],
  ['a number that is none', { connections: 'many' }, /table\d+\.cf, line \d+: connections: expected a whole number/],
  ['an option file that is not there', { option_file: '/nonexistent.cnf' }, /option_file: ENOENT/],
]
for (const [name, options, problem] of WRONG)
  it(`the check says: ${name}`, async () => {
    const table = await rig.open(options)
    const said = await table.check?.()
    assert.match(said ?? 'nothing', problem)
    assert.match(said!, /^mysql:/)
    assert.not(said!.includes('\n'))
    assert.match((await get(table, 'joe@site.example'))!, /^! /)
    await table.close?.()
    const all = JSON.stringify([rig.events, said])
    for (const secret of [PASSWORD, 'wr0ng-one']) assert.not(all.includes(secret))
  })
withTable('the check of what works', {}, async (table) => assert.is(await table.check?.(), undefined))
it('two tables with one login share its connections', async () => {
  const one = await rig.open()
  const two = await rig.open({ query: "select '%s'" })
  await get(one, 'joe@site.example')
  await one.close?.()
  assert.is(await get(two, 'k'), 'k')
  assert.equal(two.stats?.(), { queries: 2, connections: 1 })
  await two.close?.()
  assert.match((await get(two, 'k'))!, /closed/)
})
test.run()
