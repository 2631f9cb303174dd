/** `postern table ...` from outside: what is printed, and how it ends. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LITTLE, QUEUE, collect, endOf, onSite, until } from './support/command.ts'
import type { Ended, Site } from './support/command.ts'

const NOTES = path.join(path.dirname(fileURLToPath(import.meta.url)), 'support/notes.js')
const TEXT = 'User@Example.com  value one\n# no\nb two\n continued\n'
const INLINE = 'inline:{ {a = 1}, {b = two words}, {A-B = 3} }'

/** With the lookup plugins that the embedded defaults bring, and a type of somebody else's. */
const ready = (test: (site: Site) => Promise<void>) =>
  onSite(async (site) => {
    await site.write('text', TEXT)
    await site.write('notes', 'one=1\nnonsense\ntwo=2 2\n')
    await test(site)
  })
const littleWith = (aliases: string): unknown[] => [
  QUEUE,
  '@postern/lookup-hash',
  { [LITTLE]: { aliases } },
  '@postern/lookup-static',
]
const withNotes = async (site: Site, ...more: unknown[]): Promise<void> =>
  site.config({ plugins: ['@postern/lookup-hash', NOTES, ...more] })
async function fed(site: Site, input: string, ...args: string[]): Promise<Ended> {
  const child = site.spawnFed(input, ...args)
  const output = collect(child)
  const code = await endOf(child)
  return { code, ...output }
}
const ended = (code: number, out: string, err = ''): Ended => ({ code, out, err })

const query = suite('query')
const CASES: [string, string[], Ended][] = [
  ['the value alone for one key', ['hash:text', 'user@example.com'], ended(0, 'value one\n')],
  ['keys are folded', ['hash:text', 'B'], ended(0, 'two continued\n')],
  ['absent', ['hash:text', 'nobody'], ended(1, '')],
  ['the empty key', ['static:x', ''], ended(1, '')],
  ['keys with the values of several', ['hash:text', 'b', 'no', 'B'], ended(0, 'b\ttwo continued\nB\ttwo continued\n')],
  ['none of several', ['hash:text', 'no', 'none'], ended(1, '')],
  ['a text in braces', [INLINE, 'b'], ended(0, 'two words\n')],
  ['an object', ['{"type":"inline","map":{"x":7}}', 'x'], ended(0, '7\n')],
  [
    'json',
    [INLINE, 'a', 'z', '--json'],
    ended(0, '{"key":"a","kind":"found","value":"1"}\n{"key":"z","kind":"absent"}\n'),
  ],
  [
    'no file',
    ['hash:none', 'b'],
    ended(65, '', "postern: hash:none: ENOENT: no such file or directory, stat '~/none'\n"),
  ],
  [
    'no type',
    ['text', 'b'],
    ended(64, '', 'postern: expected a table as type:name, or {"type": ...} as JSON, got "text"\n'),
  ],
  [
    'no JSON',
    ['{"type"', 'b'],
    ended(64, '', 'postern: expected a table as type:name, or {"type": ...} as JSON, got "{"type""\n'),
  ],
]
query(
  'keys of the command line',
  ready(async (site) => {
    const ended = await Promise.all(CASES.map(([, args]) => site.run('table', 'query', ...args)))
    for (const [n, [title, , wanted]] of CASES.entries()) assert.equal(ended[n], wanted, title)
  }),
)
query(
  'keys from standard input: with or without a last line feed, a carriage return belongs to the key, bytes that are no UTF-8 are in no table',
  ready(async (site) => {
    const found = await fed(site, 'b\n\nno\nB\r\n\xff\nUSER@example.com', 'table', 'query', 'hash:text', '-')
    assert.equal(found, ended(0, 'b\ttwo continued\nUSER@example.com\tvalue one\n'))
    assert.equal(await fed(site, 'no\n', 'table', 'query', 'hash:text', '-'), ended(1, ''))
    assert.equal(await fed(site, '', 'table', 'query', 'hash:text', '-'), ended(1, ''))
  }),
)
query(
  'a lookup that fails ends it: what was found before is printed, and what comes after is not asked',
  ready(async (site) => {
    await withNotes(site)
    await site.run('table', 'build', 'notes:notes')
    const { code, out, err } = await site.run('table', 'query', 'notes:notes', 'one', 'fail', 'two')
    assert.equal([code, out], [1, 'one\t1\n'])
    assert.match(err, /^postern: notes:notes: asked to fail$/m)
  }),
)
query.run()

const plugins = suite('which plugins are loaded')
plugins(
  'a type that no plugin provides: the nearest one, or all there are',
  ready(async (site) => {
    const near = await site.run('table', 'query', 'haxh:text', 'b')
    assert.is(near.code, 78)
    assert.match(
      near.err,
      /^postern: no plugin provides tables of the type "haxh" \(did you mean "hash"\?\); there are: /,
    )
    const { code, err } = await site.run('table', 'query', 'qqqqq:x', 'b')
    assert.is(code, 78)
    assert.match(err, /no plugin provides tables of the type "qqqqq"; there are: .*\bhash\b/)
  }),
)
plugins(
  'none that is not needed: one that cannot even be loaded hinders only who needs it',
  ready(async (site) => {
    await site.write('lookup-broken.mjs', 'throw new Error("loaded")')
    await site.config({ plugins: ['@postern/lookup-hash', './lookup-broken.mjs', NOTES] })
    assert.equal(await site.run('table', 'query', 'hash:text', 'b'), ended(0, 'two continued\n'))
    const { code, err } = await site.run('table', 'query', INLINE, 'b')
    assert.is(code, 78)
    assert.match(err, /lookup-broken\.mjs" cannot be loaded: loaded/)
  }),
)
plugins(
  'one whose name says nothing is asked when no lookup plugin has the type; a bundled one comes along',
  ready(async (site) => {
    await withNotes(site)
    await site.run('table', 'build', 'notes:notes')
    assert.is((await site.run('table', 'query', 'notes:notes', 'two')).out, '2 2\n')
    assert.equal(await site.run('table', 'query', INLINE, 'b'), ended(0, 'two words\n'))
  }),
)
plugins(
  'the types of tables that one is made of come along, too; one that is not there is named',
  ready(async (site) => {
    await site.config({ plugins: [NOTES] })
    const asked = await site.run('table', 'query', `either:hash:text|${INLINE}`, 'a', 'b')
    assert.equal(asked, ended(0, 'a\t1\nb\ttwo continued\n'))
    const { code, err } = await site.run('table', 'query', 'either:hash:text|haxh:x', 'a')
    assert.is(code, 78)
    assert.match(err, /of the type "haxh" \(did you mean "hash"\?\)/)
  }),
)
plugins(
  "the configuration's own options count: one that is wrong is said with its place",
  ready(async (site) => {
    await site.config({ plugins: [{ '@postern/lookup-hash': { nonsense: 1 } }] })
    const { code, err } = await site.run('table', 'query', 'hash:text', 'b')
    assert.is(code, 78)
    assert.match(err, /^postern\.config\.json: plugins\[0\]\.lookup-hash\.nonsense: /)
  }),
)
plugins.run()

const makes = suite('build, dump, check')
makes(
  'build: how many, where, what was left out; then lookups find it, and dump lists it',
  ready(async (site) => {
    await withNotes(site)
    const early = await site.run('table', 'query', 'notes:notes', 'two')
    assert.equal(early, ended(65, '', 'postern: notes:notes: ~/notes.made is not there: build it\n'))
    const built = await site.run('table', 'build', 'notes:notes')
    assert.equal(built, ended(0, 'notes:notes: 2 entries in notes.made\n', 'postern: warning: notes, line 2: no "="\n'))
    const json = JSON.parse((await site.run('table', 'build', 'notes:notes', '--json')).out)
    assert.equal(json, [
      { table: 'notes:notes', entries: 2, files: ['~/notes.made'], problems: ['notes, line 2: no "="'] },
    ])
    const dumped = await site.run('table', 'dump', 'notes:notes')
    assert.equal([dumped.code, dumped.out], [0, 'one\t1\ntwo\t2 2\n'])
    assert.is(dumped.err, 'postern: warning: table.odd: table notes:notes, entries 2\n')
    const lines = (await site.run('table', 'dump', 'notes:notes', '--json')).out.trim().split('\n')
    assert.equal(
      lines.map((l) => JSON.parse(l)),
      [
        { key: 'one', value: '1' },
        { key: 'two', value: '2 2' },
      ],
    )
  }),
)
makes(
  'a list that breaks off says so',
  ready(async (site) => {
    await withNotes(site)
    await site.write('notes', 'a=1\nbroken=2\n')
    await site.run('table', 'build', 'notes:notes')
    const { code, out, err } = await site.run('table', 'dump', 'notes:notes')
    assert.equal([code, out], [75, 'a\t1\nbroken\t2\n'])
    assert.match(err, /notes:notes: the rest cannot be read; the list is not complete\n$/)
  }),
)
makes(
  'what cannot be built or listed',
  ready(async (site) => {
    assert.equal(
      await site.run('table', 'build', 'static:x'),
      ended(64, '', 'postern: static:x: nothing to build: lookups read what people write, or ask a server\n'),
    )
    assert.equal(
      await site.run('table', 'dump', 'static:x'),
      ended(64, '', 'postern: static:x: a table of this type cannot list its entries: it answers one key at a time\n'),
    )
    await withNotes(site)
    const none = await site.run('table', 'build', 'notes:none')
    assert.equal([none.code, none.out], [65, ''])
    assert.match(none.err, /^postern: notes:none: ENOENT/)
  }),
)
makes(
  'check: those that are named, or every one of the configuration',
  ready(async (site) => {
    assert.equal(await site.run('table', 'check', 'hash:text', INLINE), {
      code: 0,
      out: `TABLE${' '.repeat(INLINE.length - 5)}  STATE  WHERE\nhash:text${' '.repeat(INLINE.length - 9)}  ok     -\n${INLINE}  ok     -\n`,
      err: '',
    })
    const bad = JSON.parse((await site.run('table', 'check', 'hash:text', 'hash:none', '--json')).out)
    assert.equal(bad, [
      { table: 'hash:text' },
      { table: 'hash:none', problem: "hash:none: ENOENT: no such file or directory, stat '~/none'" },
    ])
    assert.equal(await site.run('table', 'check'), ended(0, 'the configuration names no table\n'))
  }),
)
makes(
  'check without names opens what the daemon would open',
  ready(async (site) => {
    await site.config({ plugins: littleWith('hash:text') })
    const good = await site.run('table', 'check')
    assert.equal([good.code, good.err], [0, ''])
    assert.match(good.out, /^hash:text +ok +postern\.config\.json: plugins\[2\]$/m)
    await site.config({ plugins: littleWith('hash:none') })
    const bad = await site.run('table', 'check')
    assert.equal([bad.code, bad.err], [65, ''])
    assert.match(bad.out, /^hash:none +ENOENT: no such file/m)
  }),
)
makes.run()

const figures = suite('bench, list, status')
figures(
  'bench: as many lookups as it was told, none above the number in flight',
  ready(async (site) => {
    await site.write('keys', 'b\nno\n\nuser@example.com\n')
    const { code, out } = await site.run('table', 'bench', 'hash:text', 'keys')
    assert.is(code, 0)
    assert.match(out, /^hash:text: 3 lookups in \d+\.\d\d s, 50 in flight$/m)
    assert.match(out, /^ {2}\d+ a second, [\d.]+ us CPU each$/m)
    assert.match(out, /^ {2}p50 [\d.]+ [um]s, p99 [\d.]+ [um]s, slowest [\d.]+ [um]s$/m)
    assert.match(out, /^ {2}found 2, absent 1, failed 0$/m)
    const many = ['bench', 'hash:text', '--count', '10000', '-n', '7', '--json']
    const json = JSON.parse((await fed(site, 'b\nno\n', 'table', ...many)).out)
    assert.equal([json.lookups, json.inFlight, json.found, json.absent, json.failed], [10000, 7, 5000, 5000, 0])
    assert.ok(json.p50 <= json.p99 && json.p99 <= json.most && json.perSecond > 0)
  }),
)
figures(
  'bench: lookups that fail are counted, the first cause is said, and it ends with 1; no keys is an error',
  ready(async (site) => {
    await withNotes(site)
    await site.run('table', 'build', 'notes:notes')
    const { code, out, err } = await fed(site, 'one\nfail\nfail\n', 'table', 'bench', 'notes:notes')
    assert.is(code, 1)
    assert.match(out, /found 1, absent 0, failed 2$/m)
    assert.match(err, /^postern: notes:notes: asked to fail$/m)
    assert.is((await fed(site, '\n', 'table', 'bench', 'notes:notes')).code, 65)
    assert.is((await site.run('table', 'bench', 'notes:notes', 'nokeys')).code, 66)
    assert.is((await site.run('table', 'bench', 'notes:notes', 'notes', '-n', '0')).code, 64)
  }),
)
figures(
  'list and status: the types, and the tables of the running daemon with their figures',
  ready(async (site) => {
    await site.write('notes.made', 'one=1\n')
    await site.config({ plugins: [...littleWith('static:x'), { [NOTES]: { table: 'notes' } }] })
    const before = await site.run('table', 'list')
    assert.equal([before.code, before.err], [0, ''])
    assert.match(before.out, /^hash +@postern\/lookup-hash +in the configuration$/m)
    assert.match(before.out, /^notes +- +in the configuration$/m)
    assert.match(before.out, /^inline +@postern\/lookup-inline +for commands; not in the configuration$/m)
    assert.match(before.out, /\n\nNo daemon runs: no figures\.\n$/)
    await site.run('start')
    await until('the daemon', async () => (await site.run('status')).code === 0)
    assert.match((await site.run('table', 'list')).out, /^notes:notes +ok +asked 0$/m)
    assert.match((await site.run('status')).out, /^table +notes:notes: ok, asked 0$/m)
    const json = JSON.parse((await site.run('table', 'list', '--json')).out)
    assert.equal(
      json.tables.find((t: { name: string }) => t.name === 'notes:notes'),
      {
        name: 'notes:notes',
        stats: { asked: 0 },
      },
    )
    assert.equal(
      json.types.find((t: { type: string }) => t.type === 'static'),
      {
        type: 'static',
        package: '@postern/lookup-static',
        state: 'configured',
      },
    )
  }),
)
figures.run()
