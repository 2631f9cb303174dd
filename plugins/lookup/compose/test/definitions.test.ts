/** Tables that a configuration defines as objects, of all types: what is wrong with one is told before anything starts. */
import { PosternError, createNode, loadConfig, silentSink } from '@postern/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const PLUGINS = [
  ...['cache', 'cdb', 'cidr', 'compose', 'environ', 'hash', 'http', 'inline', 'ldap', 'memcache', 'mysql', 'nis'],
  ...['pgsql', 'redis', 'regexp', 'socketmap', 'sqlite', 'static', 'tcp', 'unix'],
].map((name) => `lookup-${name}`)

/** What `postern check` says of tables in one option, as `path: message (nearest name)`. */
async function problems(tables: readonly unknown[]): Promise<string[]> {
  const plugins = [
    'queue-journal',
    ...PLUGINS,
    { 'route-classes': { localTransport: 'smtp', virtualTransport: 'smtp' } },
    'rewrite-trivial',
    'lookup-dns',
    'deliver-smtp',
    { 'route-virtual': { virtualAliasMaps: tables } },
  ]
  const before = `plugins[${plugins.length - 1}].route-virtual.virtualAliasMaps`
  const loaded = await loadConfig({ config: { spool: '/nonexistent', plugins } as never, folder: '/nonexistent' })
  try {
    await createNode(loaded, { log: silentSink, resolveFrom: [process.cwd()] })
    return []
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    return error.problems.map(
      ({ path, message, suggestion }) =>
        `${path.replace(before, '')}: ${message}${suggestion === undefined ? '' : ` (${suggestion})`}`,
    )
  }
}

const GOOD: readonly object[] = [
  { type: 'cache', table: 'static:x', ttl: '5m' },
  { type: 'cdb', file: 'x' },
  { type: 'cidr', rules: ['192.0.2.0/24 OK'] },
  { type: 'environ' },
  { type: 'fail', reason: 'out of order' },
  { type: 'hash', file: 'x' },
  { type: 'https', url: 'https://tables.example/$$key' },
  { type: 'inline', map: { a: 'b', uid: 5000 } },
  { type: 'ldap', serverHost: 'ldap://d.example', searchBase: 'dc=example', queryFilter: '(mail=%s)' },
  { type: 'memcache', memcache: 'inet:127.0.0.1:11211' },
  { type: 'mysql', hosts: 'db1 db2', dbname: 'mail', query: "SELECT a FROM b WHERE c='%s'" },
  { type: 'nis', map: 'mail.aliases' },
  { type: 'pcre', rules: '/a/ b' },
  { type: 'pgsql', dbname: 'mail', query: "SELECT a FROM b WHERE c='%s'" },
  { type: 'pipemap', tables: ['static:x', { type: 'randmap', values: [25, 'smtp'] }] },
  { type: 'proxy', table: 'static:x' },
  { type: 'regexp', rules: ['/a/ b'] },
  { type: 'sqlite', dbpath: '/x', query: "SELECT a FROM b WHERE c='%s'" },
  { type: 'static', value: 5000 },
  { type: 'unionmap', tables: ['static:x'] },
  { type: 'unix', map: 'passwd.byname' },
]
for (const table of GOOD)
  test(`nothing is wrong with ${JSON.stringify(table)}`, async () => assert.equal(await problems([table]), []))

const BAD: readonly (readonly [table: unknown, problems: readonly (string | RegExp)[]])[] = [
  [{ type: 'inlin', map: {} }, [/^\[0\]: inlin:\(in .*\): no plugin in use .* \(inline\)$/]],
  ['hsh:/x', [/^\[0\]: hsh:\/x: no plugin in use .* \(hash\)$/]],
  [{ type: 'inline', maps: {} }, ['[0].maps: unknown option (map)', '[0].map: ']],
  [{ type: 'inline', map: { '': 'x' } }, ['[0].map']],
  [{ type: 'static' }, ['[0].value: ']],
  [{ type: 'static', value: '' }, ['[0].value: expected a value']],
  [{ type: 'cidr', rulez: ['x'] }, ['[0].rulez: unknown option (rules)', '[0].rules: ']],
  [{ type: 'regexp', rules: [5] }, ['[0].rules[0]: ']],
  [{ type: 'unix', map: 'passwd.bynam' }, [/^\[0\]\.map: .* \(passwd\.byname\)$/]],
  [{ type: 'environ', name: 'x' }, ['[0].name: unknown option']],
  [{ type: 'mysql', dbname: 'm', querry: 'x' }, ['[0].querry: unknown option (query)']],
  [{ type: 'ldap', serverhost: 'x' }, ['[0].serverhost: unknown option (serverHost)', '[0].searchBase: ']],
  [{ type: 'cache', table: { type: 'mysql', db: 'x' } }, ['[0].table.db: unknown option', '[0].table.dbname: ']],
  [{ type: 'pipemap', tables: ['static:x', { type: 'statik' }] }, [/^\[0\]\.tables\[1\]: statik:.* \(static\)$/]],
  [{ type: 'unionmap', tables: [] }, ['[0].tables: ']],
]
for (const [table, expected] of BAD)
  test(`what is wrong with ${JSON.stringify(table)}`, async () => {
    const told = await problems([table])
    assert.is(told.length, expected.length, told.join('\n'))
    for (const [i, line] of told.entries()) {
      const is = expected[i]!
      assert.ok(typeof is === 'string' ? line.startsWith(is) : is.test(line), line)
    }
  })
test('no value of an option stands in a problem', async () => {
  const table = { type: 'mysql', dbname: 'm', query: "'%s'", password: 12345, user: 'u' }
  const told = await problems([table])
  assert.is(told.length, 1)
  assert.not.match(told[0]!, '12345')
})
test('of several tables each is told, at its own place', async () => {
  const told = await problems(['static:x', { type: 'inline', map: 5 }, { type: 'fail' }])
  assert.equal(
    told.map((line) => line.split(':')[0]),
    ['[1].map', '[2].reason'],
  )
})
test.run()
