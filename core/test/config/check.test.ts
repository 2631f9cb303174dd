/** Checking options: unknown keys at every depth, all problems at once, settings of the top level. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { checkOptions, createNode, duration, loadConfig, secret, silentSink, size, tableRef } from '@postern/core'
import type { Config } from '@postern/core'
import { MemoryStore, memoryQueue } from '../support/memory-store.ts'
import { plugin, rejection, told } from '../support/world.ts'

const inner = z.object({ port: z.number().optional(), host: z.string().optional() })
const strict = z.strictObject({ port: z.number().optional() })
const CASES: [name: string, schema: z.ZodType, value: unknown, problems: string[]][] = [
  ['good', z.strictObject({ a: inner }), { a: { port: 1 } }, []],
  ['at the top', z.strictObject({ port: z.number().optional() }), { prot: 1 }, ['o.prot: unknown option (port)']],
  ['z.object is strict too', inner, { hots: 'x' }, ['o.hots: unknown option (host)']],
  ['nothing near', inner, { zzzzzz: 'x' }, ['o.zzzzzz: unknown option']],
  ['in an object', z.object({ a: inner }), { a: { prot: 1 } }, ['o.a.prot: unknown option (port)']],
  ['in a strict object', z.object({ a: strict }), { a: { prot: 1 } }, ['o.a.prot: unknown option (port)']],
  [
    'three deep',
    z.object({ a: z.object({ b: inner }) }),
    { a: { b: { prot: 1 } } },
    ['o.a.b.prot: unknown option (port)'],
  ],
  ['in an array', z.object({ a: z.array(inner) }), { a: [{}, { prot: 1 }] }, ['o.a[1].prot: unknown option (port)']],
  [
    'in an array of strict objects',
    z.object({ a: z.array(strict) }),
    { a: [{ prot: 1 }] },
    ['o.a[0].prot: unknown option (port)'],
  ],
  [
    'in a record',
    z.object({ a: z.record(z.string(), inner) }),
    { a: { x: { prot: 1 } } },
    ['o.a.x.prot: unknown option (port)'],
  ],
  [
    'in a record of strict objects',
    z.object({ a: z.record(z.string(), strict) }),
    { a: { x: { prot: 1 } } },
    ['o.a.x.prot: unknown option (port)'],
  ],
  ['in an optional object', z.object({ a: inner.optional() }), { a: { prot: 1 } }, ['o.a.prot: unknown option (port)']],
  [
    'in an object with a default',
    z.object({ a: inner.default({}) }),
    { a: { prot: 1 } },
    ['o.a.prot: unknown option (port)'],
  ],
  ['in a nullable object', z.object({ a: inner.nullable() }), { a: { prot: 1 } }, ['o.a.prot: unknown option (port)']],
  [
    'in a union',
    z.object({ a: z.union([z.string(), inner]) }),
    { a: { prot: 1 } },
    ['o.a.prot: unknown option (port)'],
  ],
  [
    'in a union of strict objects',
    z.object({ a: z.union([z.string(), strict]) }),
    { a: { prot: 1 } },
    ['o.a.prot: unknown option (port)'],
  ],
  ['in a tuple', z.object({ a: z.tuple([inner]) }), { a: [{ prot: 1 }] }, ['o.a[0].prot: unknown option (port)']],
  [
    'in a discriminated union',
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('a'), port: z.number() }),
      z.strictObject({ kind: z.literal('b') }),
    ]),
    { kind: 'a', port: 1, prot: 2 },
    ['o.prot: unknown option (port)'],
  ],
  [
    'under a transform',
    z.object({ a: inner.transform((v) => v.port) }),
    { a: { prot: 1 } },
    ['o.a.prot: unknown option (port)'],
  ],
  ['a loose object takes all', z.object({ a: z.looseObject({ port: z.number().optional() }) }), { a: { prot: 1 } }, []],
  ['a record takes all keys', z.object({ a: z.record(z.string(), z.number()) }), { a: { prot: 1 } }, []],
  [
    'a wrong word',
    z.strictObject({ mode: z.enum(['always', 'never']) }),
    { mode: 'alwais' },
    ['o.mode: Invalid option: expected one of "always"|"never" (always)'],
  ],
  [
    'letter case and hyphens are one thought',
    z.strictObject({ maxSize: z.number().optional() }),
    { max_size: 1 },
    ['o.max_size: unknown option (maxSize)'],
  ],
  [
    'all at once',
    z.object({ a: inner, b: z.number(), c: z.array(strict) }),
    { a: { prot: 1 }, b: 'x', c: [{ prt: 1 }], ddddd: 1 },
    [
      'o.a.prot: unknown option (port)',
      'o.ddddd: unknown option',
      'o.b: Invalid input: expected number, received string',
      'o.c[0].prt: unknown option (port)',
    ],
  ],
  ['null for the options', inner, null, ['o: Invalid input: expected object, received null']],
  ['a list for the options', inner, [], ['o: Invalid input: expected object, received array']],
]
for (const [name, schema, value, problems] of CASES)
  test(`checkOptions: ${name}`, () => {
    const r = checkOptions(schema, value, { file: 'f', path: 'o' })
    assert.equal(
      r.problems.map((p) => `${p.path}: ${p.message}${p.suggestion ? ` (${p.suggestion})` : ''}`).sort(),
      [...problems].sort(),
    )
    assert.is(r.value === undefined, problems.length > 0)
  })

const TYPES: [name: string, schema: z.ZodType, value: unknown, result: unknown][] = [
  ['duration', duration(), 300, 300_000],
  ['duration', duration(), '300', 300_000],
  ['duration', duration(), '1h30m', 5_400_000],
  ['duration', duration(), '500ms', 500],
  ['duration', duration(), '1.5 h', 5_400_000],
  ['duration', duration(), '2W', 1_209_600_000],
  ['duration', duration(), 0, 0],
  ['duration', duration(), '5 parsecs', undefined],
  ['duration', duration(), '', undefined],
  ['duration', duration(), -1, undefined],
  ['duration', duration(), '-5s', undefined],
  ['size', size(), 10, 10],
  ['size', size(), '10M', 10_485_760],
  ['size', size(), '1.5k', 1536],
  ['size', size(), '2 GiB', 2_147_483_648],
  ['size', size(), '10', 10],
  ['size', size(), '10 b', 10],
  ['size', size(), '10T', undefined],
  ['size', size(), 1.5, undefined],
  ['size', size(), -1, undefined],
  ['tableRef', tableRef(), 'hash:/etc/x', { kind: 'tableRef', type: 'hash', spec: '/etc/x' }],
  ['tableRef', tableRef(), 'a:b:c', { kind: 'tableRef', type: 'a', spec: 'b:c' }],
  ['tableRef', tableRef(), { type: 'inline', a: 1 }, { kind: 'tableRef', type: 'inline', spec: { a: 1 } }],
  ['tableRef', tableRef(), '/etc/x', undefined],
  ['tableRef', tableRef(), { a: 1 }, undefined],
]
for (const [name, schema, value, result] of TYPES)
  test(`${name} ${JSON.stringify(value)}`, () => {
    const r = schema.safeParse(value)
    assert.equal(r.success ? r.data : undefined, result)
  })
test('a secret is never printed', () => {
  const s = secret().parse('hunter2')
  assert.is(s.reveal(), 'hunter2')
  for (const text of [String(s), JSON.stringify({ s }), `${s as never}`]) assert.not.match(text, 'hunter2')
  const r = checkOptions(
    z.strictObject({ password: secret(), x: z.number() }),
    { password: 'hunter2', x: 'y' },
    { file: 'f', path: '' },
  )
  assert.not.match(JSON.stringify(r.problems), 'hunter2')
})

const SITE: [name: string, config: Config, mydomain: string, myorigin: string][] = [
  ['a host name', { myhostname: 'mx.example.org' }, 'example.org', 'mx.example.org'],
  ['one label', { myhostname: 'mx' }, 'mx', 'mx'],
  ['two labels', { myhostname: 'example.org' }, 'org', 'example.org'],
  ['given', { myhostname: 'mx.example.org', mydomain: 'other.example' }, 'other.example', 'mx.example.org'],
  ['origin by reference', { myhostname: 'mx.example.org', myorigin: '$mydomain' }, 'example.org', 'example.org'],
  [
    'origin by reference to a given one',
    { myhostname: 'mx.example.org', mydomain: 'o.example', myorigin: '$mydomain' },
    'o.example',
    'o.example',
  ],
  ['origin given', { myhostname: 'mx.example.org', myorigin: 'x.example' }, 'example.org', 'x.example'],
]
const built = async (config: Config) => {
  let site
  const p = plugin('p', (m) => void (site = m.site))
  await createNode(
    await loadConfig({ config: { ...config, plugins: [memoryQueue(new MemoryStore()), p] }, folder: '/base' }),
    { log: silentSink },
  )
  return site as unknown as Record<string, unknown>
}
for (const [name, config, mydomain, myorigin] of SITE)
  test(`settings: ${name}`, async () => {
    const site = await built(config)
    assert.equal([site.mydomain, site.myorigin], [mydomain, myorigin])
  })
test('settings: defaults are Postfix’s, the spool is relative to the configuration', async () => {
  const site = await built({})
  assert.equal(
    [
      site.messageSizeLimit,
      site.headerSizeLimit,
      site.recipientLimit,
      site.hopcountLimit,
      site.bounceSizeLimit,
      site.recipientDelimiter,
      site.spool,
    ],
    [10_240_000, 102_400, 1000, 50, 50_000, '', '/base/var/spool'],
  )
})
test('settings: every problem, each with its file', async () => {
  const e = await rejection(() =>
    built({ myhostnam: 'x', messageSizeLimit: 'huge', recipientLimit: 0, vars: 'abc' } as never),
  )
  const lines = told(e).map((l) => l.split(':')[0])
  for (const key of ['myhostnam', 'messageSizeLimit', 'recipientLimit', 'vars'])
    assert.ok(lines.includes(key), `${key}: ${lines.join()}`)
  assert.match(told(e).join('\n'), 'myhostnam: unknown option (myhostname)')
})

test.run()
