import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logger, systemClock } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import { fakeCall, missingPrograms, programPath, sleep, tableContract, until, within } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import plugin from '@postern/lookup-sqlite'
import { postmap } from '../../../../packages/lookup-kit/test/support/postmap.ts'
import { writeOld } from '../../../../packages/lookup-kit/test/support/old-file.ts'

const why = missingPrograms('sqlite3')
const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
const sqlite = (sql: string, file = 'm.db') =>
  execFileSync('sqlite3', ['-batch', join(folder, file)], { input: sql, encoding: 'utf8' })
const SCHEMA = `
create table aliases (alias text, goto text, more text);
insert into aliases values ('joe@site.example', 'joe', 'x'), ('two@site.example', 'a@b.example', 'c'), ('two@site.example', 'd', null),
  ('x@ünï.example', 'ümläut', null), ('o''hara@site.example', 'o', null), ('back\\slash@site.example', 'b', null), ('none@site.example', null, 'x');
create table many (goto text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000) insert into many select 'user' || i from n;
`
let type: TableType | undefined
plugin.definition.apply({ provideNamed: (_r: unknown, _n: string, t: TableType) => (type = t) } as never, {}, {})
let events: [event: string, fields: object][] = []
const log = logger(() => ({ enabled: () => true, write: (_l, event, fields) => void events.push([event, fields]) }))
type Options = Record<string, string | number>
let file = ''
let files = 0
async function open(options: Options = {}): Promise<OpenTable> {
  const basics = {
    dbpath: join(folder, 'm.db'),
    ...(options.table ? {} : { query: "select goto from aliases where alias = '%s'" }),
  }
  file = join(folder, `table${++files}.cf`)
  writeOld(
    file,
    Object.entries({ ...basics, ...options })
      .map(([name, value]) => `${name} = ${value}\n`)
      .join(''),
  )
  return type!.open({ spec: file, where: 'test', folder }, { clock: systemClock, log, parts: [] })
}
async function get(table: OpenTable, key: string, call = fakeCall()): Promise<string | undefined> {
  const answer = await within(key, Promise.resolve(table.get(key, call)), 20_000)
  return answer.kind === 'found' ? answer.value : answer.kind === 'absent' ? undefined : `! ${answer.cause}`
}
if (!why) sqlite(SCHEMA)

const test = suite('sqlite')
test.before.each(() => {
  events = []
})
test.after(() => rmSync(folder, { recursive: true, force: true }))
const withTable = (name: string, options: Options, body: (table: OpenTable) => Promise<void>) =>
  (why ? test.skip : test)(name, async () => {
    const table = await open(options)
    try {
      await body(table)
    } finally {
      await table.close?.()
    }
  })
const value = (expression: string, is: string | undefined): [string, Options, Record<string, string | undefined>] => [
  expression,
  { query: `select ${expression}` },
  { k: is },
]
const CASES: [name: string, options: Options, answers: Record<string, string | RegExp | undefined>][] = [
  [
    'rows are one value, of the first column',
    { query: "select goto, more from aliases where alias = '%s'" },
    {
      'joe@site.example': 'joe',
      'TWO@site.example': 'a@b.example,d',
      'nobody@site.example': undefined,
      'none@site.example': undefined,
    },
  ],
  [
    'quotes and backslashes in keys',
    {},
    { "o'hara@site.example": 'o', 'back\\slash@site.example': 'b', "'": undefined, "' or '1'='1": undefined },
  ],
  ['UTF-8', {}, { 'x@ünï.example': 'ümläut', 'X@ÜNÏ.example': 'ümläut' }],
  ['result_format', { result_format: '%s@%D' }, { 'joe@site.example': 'joe@site.example' }],
  [
    'parts of a key',
    { query: "select '%u/%d/%1/%2'" },
    {
      'a@b.example': 'a/b.example/example/b',
      bare: undefined,
      '@b.example': undefined,
      'a@': undefined,
      'a@b..example.': 'a/b..example./example/b',
    },
  ],
  ['an empty local part', { query: "select '%s of %d'" }, { '@b.example': '@b.example of b.example', bare: undefined }],
  [
    'parts of a result',
    { query: "select 'v@w.org'", result_format: '%u %d %S %U %D %1 %2' },
    { 'a@b.example': 'v w.org a@b.example a b.example example b', bare: undefined },
  ],
  ['a result without a local part', { query: "select '@w.org'", result_format: '%u' }, { k: undefined }],
  ['a result without a domain', { query: "select 'w'", result_format: '%u of %d' }, { k: undefined }],
  ['percent signs', { query: "select 'x%%y%%s'" }, { k: 'x%y%s' }],
  [
    'domain',
    { domain: '!c.example, b.example c.example', query: "select '%s'" },
    {
      'a@b.example': 'a@b.example',
      'a@c.example': undefined,
      bare: undefined,
      '@b.example': undefined,
      'a@': undefined,
      'a@x.b.example': undefined,
      'a@b@b.example': 'a@b@b.example',
    },
  ],
  [
    'the old options',
    { table: 'aliases', select_field: 'goto', where_field: 'alias', additional_conditions: "and more = 'x'" },
    { 'joe@site.example': 'joe', 'two@site.example': undefined, 'none@site.example': undefined },
  ],
  ['expansion_limit', { expansion_limit: 1 }, { 'joe@site.example': 'joe', none: undefined }],
  [
    'above expansion_limit',
    { expansion_limit: 1, query: "select goto from aliases where '%s' = 'k'" },
    { k: /more than 1/ },
  ],
  value('null', undefined),
  value("''", undefined),
  value('5', '5'),
  value('9007199254740993', '9007199254740993'),
  value('1.0', '1.0'),
  value('0.1', '0.1'),
  value('1e300', '1.0e+300'),
  value('1.5e-7', '1.5e-07'),
  value('-0.00012', '-0.00012'),
  value('123456789012345678.0', '1.23456789012346e+17'),
  value("x'4142'", 'AB'),
  ["cast(x'ff41' as text)", { query: "select cast(x'ff41' as text)" }, { k: /not UTF-8/ }],
  ['a table that is not there', { query: 'select x from nosuch' }, { k: /no such table/ }],
  ['no SQL', { query: 'selekt 1' }, { k: /syntax error/ }],
  ['a file that is not there', { dbpath: '/nonexistent/a.db' }, { k: /ENOENT/ }],
  ['ours: a file that is none', { dbpath: '/etc/passwd' }, { k: /not a database/ }],
  [
    'ours: a code outside of quotes',
    { query: 'select goto from aliases where goto = %s' },
    { k: /must stand in quotes/ },
  ],
  ['ours: nothing is written', { query: "insert into many values ('%s')" }, { k: /readonly/ }],
]
const theirs = existsSync('/usr/lib/postfix/postfix-sqlite.so') && programPath('postmap') !== undefined
for (const [name, options, answers] of CASES)
  withTable(name, options, async (table) => {
    const asked = theirs && !name.startsWith('ours') ? postmap(`sqlite:${file}`, Object.keys(answers)) : undefined
    for (const [key, expected] of Object.entries(answers)) {
      const answer = await get(table, key)
      if (expected instanceof RegExp) assert.match(answer ?? 'absent', expected, key)
      else assert.is(answer, expected, key)
      const said = answer === undefined ? '(absent)' : answer.startsWith('! ') ? '(failed)' : answer
      if (asked) assert.is(said, asked.get(key), `postmap of ${key}`)
    }
    assert.is((await table.check?.()) === undefined, !/not there|no SQL|file that is none|outside/.test(name))
  })
withTable('10,000 results', { query: "select goto from many where '%s' = 'k'" }, async (table) => {
  assert.is((await get(table, 'k'))!.split(',').length, 10_000)
  assert.is(await get(table, 'j'), undefined)
})
withTable('another file in its place is read', { dbpath: join(folder, 'new.db') }, async (table) => {
  assert.match((await get(table, 'joe@site.example'))!, /ENOENT/)
  sqlite(SCHEMA, 'new.db')
  assert.is(await get(table, 'joe@site.example'), 'joe')
  sqlite(SCHEMA.replaceAll("'joe'", "'other'"), 'next.db')
  renameSync(join(folder, 'next.db'), join(folder, 'new.db'))
  assert.is(await get(table, 'joe@site.example'), 'other')
  rmSync(join(folder, 'new.db'))
  assert.match((await get(table, 'joe@site.example'))!, /ENOENT/)
  assert.equal(
    events.map(([event]) => event),
    ['table.down', 'table.up', 'table.down'],
  )
})
for (const mode of ['delete', 'wal'])
  withTable(
    `beside a writer, ${mode}`,
    { dbpath: join(folder, `${mode}.db`), query: "select sum(n) from pairs where '%s' <> ''" },
    async (table) => {
      // the sum is 0 after each transaction, and at no other time
      sqlite(
        `pragma journal_mode = ${mode}; create table pairs (n int); insert into pairs values (0), (0);`,
        `${mode}.db`,
      )
      const path = join(folder, `${mode}.db`)
      const flags = ['-batch', '-cmd', '.timeout 5000', '-cmd', 'pragma synchronous = off']
      const writer = spawn('sqlite3', [...flags, path], { stdio: ['pipe', 'ignore', 'inherit'] })
      const ended = new Promise((done) => writer.once('exit', done))
      let n = 0
      const timer = setInterval(() => {
        n++
        const change = `update pairs set n = ${n} where rowid = 1; update pairs set n = -${n} where rowid = 2;`
        writer.stdin.write(`begin; ${change} commit;\n`)
      }, 3)
      try {
        while (n < 100) assert.is(await get(table, 'k'), '0')
      } finally {
        clearInterval(timer)
        writer.stdin.end()
        await ended
      }
      assert.is(sqlite('select count(distinct abs(n)), max(n) from pairs', `${mode}.db`).trim(), `1|${n}`)
    },
  )
withTable(
  'a writer that does not end: failed, not absent',
  { dbpath: join(folder, 'lock.db'), timeout: '1500ms' },
  async (table) => {
    sqlite(SCHEMA, 'lock.db')
    const writer = spawn('sqlite3', ['-batch', join(folder, 'lock.db')], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = new Promise((done) => writer.once('exit', done))
    try {
      writer.stdin.write("begin exclusive; select 'locked';\n")
      await new Promise((done) => writer.stdout.once('data', done))
      // SQLite says so, or on a busy machine the request's time is over first
      assert.match((await get(table, 'joe@site.example')) ?? 'absent', /^! .*(?:database is locked|no answer in time)$/)
      const asked = get(table, 'joe@site.example')
      await sleep(50)
      writer.stdin.end('commit;\n')
      assert.is(await asked, 'joe', 'it was waited for')
    } finally {
      writer.stdin.end()
      await ended
    }
  },
)
/** processes whose command line has the text in it */
const running = (text: string): number[] =>
  readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`\0${text}\0`) ? [Number(pid)] : []
    } catch {
      return []
    }
  })
const ENDLESS =
  "with recursive n(i) as (select 1 union all select i + 1 from n) select 'x' from n where n.i < 0 and '%s' <> ''"
withTable(
  'a query without rows and without an end is ended with its process',
  { dbpath: join(folder, 'm.db'), timeout: '1s', query: `${ENDLESS} limit 1` },
  async (table) => {
    for (let n = 0; n < 4; n++) assert.match((await get(table, 'slow'))!, /no answer in time/)
    await until('the end of the processes', () => table.stats?.().leaving === 0, 5_000)
    assert.is(running(join(folder, 'm.db')).length, 0)
  },
)
;(why || process.platform !== 'linux' ? test.skip : test)('no process outlives the one that asks it', async () => {
  const path = join(folder, 'outlived.db')
  sqlite(SCHEMA, 'outlived.db')
  const reader = new URL('../dist/reader.js', import.meta.url).href
  const script = `
    const { Reader } = await import('${reader}')
    const clock = { now: () => 0, after: (ms, fn) => { const t = setTimeout(fn, ms); return { cancel: () => clearTimeout(t) } } }
    const reader = new Reader('${path}', 60000, clock)
    const call = { onAbort: () => () => undefined }
    const ask = (sql) => new Promise((resolve, reject) =>
      reader.put({ text: () => sql, begin() {}, row() {}, end: (error) => (error ? reject(error) : resolve()) }, call))
    await ask('select 1')
    void ask(${JSON.stringify(ENDLESS)})
    setTimeout(() => console.log('asked'), 300)`
  const asker = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await within('the asker', new Promise((done) => asker.stdout.once('data', done)), 20_000)
  assert.is(running(path).length, 1)
  asker.kill('SIGKILL')
  await until('the end of the other', () => running(path).length === 0, 5_000)
})
withTable(
  'a query without an end is ended, and others go on',
  {
    timeout: '1500ms',
    query:
      "with recursive n(i) as (select 1 union all select i + 1 from n) select 'x' from n where n.i < 0 or '%s' = 'ok' limit 1",
  },
  async (table) => {
    const good = await open()
    try {
      const slow = get(table, 'slow')
      assert.is(await get(good, 'joe@site.example'), 'joe')
      assert.match((await slow)!, /no answer in time/)
      await until('another process', async () => (await get(table, 'ok')) === 'x', 30_000)
      await until('the end of the slow one', () => table.stats?.().leaving === 0, 5_000)
    } finally {
      await good.close?.()
    }
  },
)
withTable(
  'rows without an end: the process is ended before they fill the memory',
  {
    timeout: '700ms',
    query: "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n where '%s' <> ''",
  },
  async (table) => {
    assert.match((await get(table, 'k'))!, /no answer in time/)
    await until('the end of the process', () => table.stats?.().leaving === 0, 20_000)
  },
)
if (!why)
  tableContract('sqlite', async () => {
    const path = join(folder, 'contract.db')
    sqlite(SCHEMA, 'contract.db')
    const table = await open({ dbpath: path })
    const writers: (() => Promise<unknown>)[] = []
    return {
      table,
      found: { 'joe@site.example': 'joe', "o'hara@site.example": 'o', 'two@site.example': 'a@b.example,d' },
      absent: ['nobody@site.example', '@site.example'],
      breakIt: () => writeFileSync(path, 'no database any more, but a text that is long enough to be one'.repeat(20)),
      async hang() {
        const writer = spawn('sqlite3', ['-batch', path], { stdio: ['pipe', 'pipe', 'inherit'] })
        const ended = new Promise((done) => writer.once('exit', done))
        writers.push(() => (writer.stdin.end(), ended))
        writer.stdin.write("begin exclusive; select 'locked';\n")
        await new Promise((done) => writer.stdout.once('data', done))
      },
      async close() {
        for (const end of writers) await end()
        rmSync(path, { force: true })
      },
    }
  })
test.run()
