/** Many queries on few connections, of a real server: each gets its own answer, and no other's fault. */
import type { OpenTable } from '@postern/core'
import { fakeCall, sleep, until } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { get, startRig, why } from './rig.ts'
import type { Options, Rig } from './rig.ts'

const MIB = 1024 * 1024
const PROCEDURES = `
use m;
create table keyed (k varchar(80) primary key) select goto as k from many;
delimiter //
create procedure pick(k varchar(80)) begin
  case k
    when 'two' then select 'a'; select 'b';
    when 'none' then begin end;
    when 'signal' then signal sqlstate '45000' set message_text = 'not today';
    when 'late' then select 'a'; signal sqlstate '45000' set message_text = 'behind a row';
    when 'many' then select goto from many;
    when 'slow' then begin declare x int; set x = sleep(2); select k; end;
    when 'slower' then begin declare x int; set x = sleep(4); select k; end;
    else select k, null, '';
  end case;
end //
delimiter ;
`
const test = suite('mysql: pipelining')
let rig: Rig
const withTable = (name: string, options: Options, body: (table: OpenTable) => Promise<void>) =>
  (why ? test.skip : test)(name, () => rig.with(options, body))
if (!why) {
  test.before(async () => {
    rig = await startRig('--max-allowed-packet=64M')
    rig.db.sql(PROCEDURES)
  })
  test.before.each(() => void (rig.events = []))
  test.after(() => rig.db.remove())
}
const PICK = { query: "CALL pick('%s')" }
const ONE = { connections: 1 }
const all = (table: OpenTable, keys: readonly string[]) => Promise.all(keys.map((key) => get(table, key)))
const numbered = (count: number, key = 'k') => Array.from({ length: count }, (_, i) => `${key}${i}`)

withTable('3,000 keys, 50 at a time, as one by one', { query: "select k from keyed where k = '%s'" }, async (t) => {
  const keys = Array.from({ length: 3000 }, (_, i) => `user${(i * 7919) % 15_000}`)
  const alone: (string | undefined)[] = []
  for (const key of keys) alone.push(await get(t, key))
  assert.ok(alone.includes(undefined) && alone.includes('user7919'))
  const answers: (string | undefined)[] = []
  let next = 0
  const one = async () => {
    while (next < keys.length) {
      const i = next++
      answers[i] = await get(t, keys[i]!)
    }
  }
  await Promise.all(Array.from({ length: 50 }, one))
  assert.equal(answers, alone)
})
for (const depth of [1, 32])
  withTable(
    `one connection, depth ${depth}: each its own answer`,
    { ...PICK, ...ONE, pipeline_depth: depth },
    async (t) => {
      const keys = ['a', 'two', 'b', 'none', 'c', 'many', 'd', 'two', 'e']
      const answers = await all(t, keys)
      const plain = keys.filter((key) => key.length === 1)
      assert.equal(
        answers.filter((_, i) => keys[i]!.length === 1),
        plain,
      )
      for (const i of [1, 7]) assert.match(answers[i]!, /more than one result set/)
      assert.match(answers[3]!, /no result set/)
      assert.is(answers[5]!.split(',').length, 10_000)
      assert.is(t.stats!().connections, 1)
    },
  )
withTable(
  "an error that is the query's own",
  { ...ONE, query: "select if('%s' = 'bad', (select 1 union select 2), '%s')" },
  async (t) => {
    const keys = ['a', 'b', 'bad', 'c', 'bad', 'd']
    for (let round = 0; round < 2; round++) {
      const answers = await all(t, keys)
      for (const [i, key] of keys.entries())
        if (key === 'bad') assert.match(answers[i]!, /more than 1 row/)
        else assert.is(answers[i], key)
    }
  },
)
for (const [word, text] of [
  ['signal', /not today/],
  ['late', /behind a row|more than one/],
] as const)
  withTable(`an error that another server might not have: ${word}`, { ...PICK, ...ONE }, async (t) => {
    assert.is(await get(t, 'a'), 'a')
    const answers = await all(t, ['b', 'c', word, 'd', 'e'])
    assert.match(answers[2]!, text)
    assert.equal(answers.toSpliced(2, 1), ['b', 'c', 'd', 'e'])
    await until('it is asked again', async () => (await get(t, 'f')) === 'f')
  })
withTable('NULL and empty values', { ...ONE, query: "select null, '%s', '', null" }, async (t) => {
  assert.equal(await all(t, ['a', 'b']), ['a', 'b'])
})
withTable('only NULL', { query: "select null, '' from dual where '%s' <> ''" }, async (t) => {
  assert.is(await get(t, 'a'), undefined)
})
/** a length of four bytes and the value are the packet */
const EDGES = [0xff_ff_ff - 5, 0xff_ff_ff - 4, 0xff_ff_ff - 3]
for (const length of EDGES)
  withTable(
    `a row of ${length} bytes and its neighbours`,
    { ...ONE, query: `select repeat('x', if('%s' = 'big', ${length}, 2))` },
    async (t) => {
      const answers = await all(t, ['a', 'big', 'b'])
      assert.is(answers[1]!.length, length)
      assert.equal([answers[0], answers[2]], ['xx', 'xx'])
    },
  )
for (const [size, text] of [
  [17, /more than 16777216 characters/],
  [40, /a row of more than/],
] as const)
  withTable(
    `a row of ${size} MiB`,
    { ...ONE, query: `select repeat('x', if('%s' = 'big', ${size * MIB}, 2))` },
    async (t) => {
      for (let round = 0; round < 2; round++) {
        const answers = await all(t, ['a', 'big', 'b'])
        assert.match(answers[1]!, text)
        assert.equal([answers[0], answers[2]], ['xx', 'xx'])
      }
    },
  )
withTable('a query of 17 MiB', { ...ONE, query: "select length('%s')" }, async (t) => {
  const answers = await all(t, ['abc', 'x'.repeat(17 * MIB), 'abcd'])
  assert.equal(answers, ['3', String(17 * MIB), '4'])
})
withTable(
  'its connection is ended under 30: another answers',
  { query: "select '%s' from (select sleep(0.01)) s", connections: 2 },
  async (t) => {
    await all(t, ['a', 'b'])
    const asked = all(t, numbered(30))
    await sleep(60)
    const [id] = rig.db.sql("select id from information_schema.processlist where user = 'p'").split(/\s+/)
    rig.db.sql(`kill ${id}`)
    assert.equal(await asked, numbered(30))
  },
)
withTable(
  'killed with 30 under way',
  { query: "select '%s' from (select sleep(0.2)) s", connections: 3 },
  async (t) => {
    await all(t, ['a', 'b', 'c'])
    const asked = all(t, numbered(30))
    await sleep(100)
    await rig.db.stop()
    for (const answer of await asked) assert.match(answer!, /^! mysql:/)
    await rig.db.start()
    await until('it is back', async () => (await get(t, 'k')) === 'k')
  },
)
withTable('hung with 30 under way', { timeout: '400ms', connections: 3 }, async (t) => {
  assert.is(await get(t, 'joe@site.example'), 'joe')
  rig.db.kill('SIGSTOP')
  try {
    for (const answer of await all(
      t,
      Array.from({ length: 30 }, () => 'joe@site.example'),
    ))
      assert.match(answer!, /no answer in time/)
  } finally {
    rig.db.kill('SIGCONT')
  }
  await until('it goes on', async () => (await get(t, 'joe@site.example')) === 'joe')
})
withTable('behind a slow one: asked elsewhere', { ...PICK, connections: 2 }, async (t) => {
  await all(t, ['a', 'b'])
  const order: string[] = []
  const keys = ['slow', ...numbered(9)]
  const answers = await Promise.all(keys.map((key) => get(t, key).then((answer) => (order.push(key), answer))))
  assert.equal(answers, keys)
  assert.is(order.at(-1), 'slow')
})
withTable('a caller goes away: its neighbours stay', { ...PICK, ...ONE }, async (t) => {
  await get(t, 'a')
  const call = fakeCall()
  const gone = get(t, 'many', call)
  const asked = all(t, ['b', 'c'])
  await new Promise((go) => setImmediate(go))
  call.abort(new Error('the client went away'))
  assert.match((await gone)!, /went away/)
  assert.equal(await asked, ['b', 'c'])
  assert.is(rig.events.length, 0)
})
withTable('the slow one in front has no caller any more', { ...PICK, connections: 2, timeout: '9s' }, async (t) => {
  await all(t, ['a', 'b'])
  // on connections of its own
  const other = await rig.open(PICK)
  const order: string[] = []
  const heard = (asked: Promise<string | undefined>) => asked.then((answer) => void order.push(answer!))
  const slow = heard(get(other, 'slow'))
  const call = fakeCall()
  const gone = get(t, 'slower', call)
  // behind it, and one for the second connection
  const behind = numbered(5).map((key) => heard(get(t, key)))
  await sleep(50)
  call.abort(new Error('the client went away'))
  await Promise.all([slow, gone, ...behind])
  assert.is(order.at(-1), 'slow')
  await other.close?.()
})
withTable('all callers go away: so does the connection', { ...PICK, ...ONE }, async (t) => {
  await get(t, 'a')
  const call = fakeCall()
  const gone = [get(t, 'slow', call), get(t, 'slow', call)]
  await sleep(50)
  call.abort(new Error('the client went away'))
  for (const answer of await Promise.all(gone)) assert.match(answer!, /went away/)
  assert.is(t.stats!().connections, 0)
  assert.is(await get(t, 'b'), 'b')
})
;(why ? test.skip : test)('closed with 30 under way: all fail', async () => {
  const table = await rig.open({ ...PICK, connections: 2 })
  await get(table, 'a')
  const asked = all(table, numbered(30, 'slow'))
  await table.close?.()
  for (const answer of await asked) assert.match(answer!, /the table was closed/)
})
test.run()
