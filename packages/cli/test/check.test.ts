import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LITTLE, QUEUE, onSite } from './support/command.ts'

test(
  'a good configuration is ok',
  onSite(async (site) => {
    await site.little()
    assert.equal(await site.run('check'), { code: 0, out: 'ok: postern.config.json\n', err: '' })
  }),
)

test(
  'without a file the embedded defaults are checked',
  onSite(async (site) => {
    assert.equal((await site.run('check')).out, 'ok: embedded defaults (no postern.config.* here)\n')
  }),
)

test(
  'every problem at once, one a line, with the nearest name',
  onSite(async (site) => {
    await site.config({
      myhostnam: 'x',
      plugins: [
        'lookup-hsh',
        QUEUE,
        { [LITTLE]: { transport: 'nowere', aliases: 'hash:users', limits: { deep: { concurency: 2 } } } },
      ],
    })
    const { code, out } = await site.run('check')
    assert.is(code, 78)
    const lines = out.split('\n')
    for (const expected of [
      'postern.config.json: myhostnam: unknown option (did you mean "myhostname"?) [PN_CONFIG_INVALID]',
      'postern.config.json: plugins[0]: no plugin "lookup-hsh": install @postern/lookup-hsh, or give a relative path (did you mean "lookup-hash"?) [PN_PLUGIN_NOT_FOUND]',
      'postern.config.json: plugins[2].little.limits.deep.concurency: unknown option (did you mean "concurrency"?) [PN_CONFIG_INVALID]',
    ])
      assert.ok(lines.includes(expected), `${expected}\nis not in\n${out}`)
  }),
)

test(
  'misspelt names between plugins',
  onSite(async (site) => {
    await site.config({
      plugins: [
        'lookup-hash',
        QUEUE,
        { [LITTLE]: { transport: 'nowere', aliases: 'hsh:users' }, onListener: { m: {} } },
      ],
    })
    const { code, out } = await site.run('check')
    assert.is(code, 78)
    const expected = [
      'postern.config.json: plugins[2]: no plugin in use provides the transport "nowere"; there are: nowhere (did you mean "nowhere"?) [PN_TRANSPORT_UNKNOWN]',
      'postern.config.json: plugins[2]: there is no listener "m"; there are: mx (did you mean "mx"?) [PN_CONFIG_INVALID]',
    ]
    const lines = out.split('\n')
    for (const e of expected) assert.ok(lines.includes(e), `${e}\nis not in\n${out}`)
    assert.match(out, /hsh:users: no plugin in use provides tables of the type "hsh"; .*\(did you mean "hash"\?\)/)
  }),
)

test(
  'the same as JSON',
  onSite(async (site) => {
    await site.little({ domian: 'x' })
    const { code, out } = await site.run('check', '--json')
    assert.is(code, 78)
    const report = JSON.parse(out)
    assert.is(report.ok, false)
    assert.equal(
      report.problems.map((p: any) => [p.path, p.suggestion]),
      [['plugins[1].little.domian', 'domain']],
    )
  }),
)

test(
  'a TypeScript configuration',
  onSite(async (site) => {
    const plugins = JSON.stringify([QUEUE, LITTLE])
    await site.write(
      'postern.config.ts',
      `const name: string = 'a.example'\nexport default { myhostname: name, plugins: ${plugins} }\n`,
    )
    assert.equal(await site.run('check'), { code: 0, out: 'ok: postern.config.ts\n', err: '' })
    const status = await site.run('explain', '--to', 'you@here.example', '--json')
    assert.is(JSON.parse(status.out).steps[0].reply.text, 'a.example ESMTP Postern')
  }),
)

const FAILURES: [string, string[], number, RegExp][] = [
  ['a file that is not there', ['check', '-c', 'none.yaml'], 78, /none\.yaml/],
  ['an unknown command', ['chek'], 64, /Did you mean check/],
  ['an unknown option', ['check', '--cnofig', 'x'], 64, /Did you mean --config/],
  ['no daemon', ['status'], 69, /no postern is running on ~\/var\/spool/],
  ['insisting on the daemon', ['plugins', '--running'], 69, /no postern is running/],
]
for (const [name, args, code, text] of FAILURES)
  test(
    name,
    onSite(async (site) => {
      const ended = await site.run(...args)
      assert.is(ended.code, code)
      assert.match(ended.err, text)
      assert.is(ended.out, '')
    }),
  )

test.run()
