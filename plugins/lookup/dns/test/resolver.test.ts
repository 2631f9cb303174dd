import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Call, Lifecycle, Resolver } from '@postern/core'
import { fakeCall } from '@postern/testkit'
import dnsPlugin from '@postern/lookup-dns'
import type { Zone } from './zone-server.ts'
import { zoneServer } from './zone-server.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {}, enabled: () => false }
/** A clock that a test moves. */
const clock = { ms: 1e12, now: () => clock.ms, after: () => ({ cancel() {} }) }
const call = (signal = new AbortController().signal): Call =>
  fakeCall({ signal, deadline: Infinity, clock, log: silent })

/** The plugin as the core would set it up. */
async function start(options: object) {
  let resolver: Resolver | undefined
  let hooks: Lifecycle = {}
  const mta = {
    provide: (_role: unknown, impl: Resolver) => (resolver = impl),
    lifecycle: (h: Lifecycle) => (hooks = h),
    clock,
    log: silent,
    folder: '/',
  }
  const { definition } = dnsPlugin
  definition.apply(mta as never, definition.options.parse(options), {} as never)
  await hooks.start?.(new AbortController().signal)
  return { resolver: resolver!, stop: () => hooks.stop?.() }
}
async function withZone(
  zone: Zone,
  options: object,
  run: (r: Resolver, questions: string[], server: { zone: Zone }) => Promise<void>,
) {
  const server = await zoneServer(zone)
  const { resolver, stop } = await start({
    servers: [server.address],
    hostsFile: '',
    timeout: '100ms',
    tries: 1,
    ...options,
  })
  try {
    await run(resolver, server.questions, server)
  } finally {
    await stop()
    await server.close()
  }
}

const zone: Zone = {
  'one.example': [{ a: '192.0.2.1' }, { a: '192.0.2.2' }, { aaaa: '2001:db8::1' }],
  'mx.example': [{ mx: [20, 'b.mx.example'] }, { mx: [10, 'A.mx.example'] }, { mx: [20, 'c.mx.example'] }],
  'null.example': [{ mx: [0, '.'] }],
  'txt.example': [{ txt: ['v=spf1 ', 'a ', '-all'] }],
  '1.2.0.192.in-addr.arpa': [{ ptr: 'One.Example' }],
  '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa': [{ ptr: 'six.example' }],
  'empty.example': [],
  'fails.example': 'servfail',
  'refuses.example': 'refused',
  'silent.example': 'drop',
  'mixed.example A': [{ a: '192.0.2.9' }],
  'mixed.example MX': 'servfail',
}
const found = (...records: unknown[]) => ({ kind: 'found', records })
const nodata = { kind: 'absent', nxdomain: false }
const nxdomain = { kind: 'absent', nxdomain: true }
const table: [question: 'a' | 'aaaa' | 'mx' | 'ptr' | 'txt', name: string, answer: object][] = [
  ['a', 'one.example', found('192.0.2.1', '192.0.2.2')],
  ['a', 'ONE.example.', found('192.0.2.1', '192.0.2.2')],
  ['aaaa', 'one.example', found('2001:db8::1')],
  ['mx', 'null.example', found({ preference: 0, exchange: '' })],
  ['mx', 'one.example', nodata],
  ['mx', 'nowhere.example', nxdomain],
  ['a', 'nowhere.example', nxdomain],
  ['a', 'empty.example', nodata],
  ['txt', 'txt.example', found('v=spf1 a -all')],
  ['ptr', '192.0.2.1', found('one.example')],
  ['ptr', '2001:db8::1', found('six.example')],
  ['ptr', '192.0.2.77', nxdomain],
  ['ptr', 'one.example', { kind: 'failed', cause: 'not an IP address: one.example' }],
  ['a', 'fails.example', { kind: 'failed', cause: 'the name server failed (SERVFAIL)' }],
  ['a', 'refuses.example', { kind: 'failed', cause: 'the name server refuses to answer (REFUSED)' }],
  ['mx', 'silent.example', { kind: 'failed', cause: 'no name server answered in time' }],
  ['a', 'mixed.example', found('192.0.2.9')],
  ['mx', 'mixed.example', { kind: 'failed', cause: 'the name server failed (SERVFAIL)' }],
  ['a', 'localhost', found('127.0.0.1')],
  ['aaaa', 'localhost', found('::1')],
  ['mx', 'localhost', nodata],
  ['ptr', '127.0.0.1', found('localhost')],
  ['ptr', '0:0:0:0:0:0:0:1', found('localhost')],
]
test('every question has one of three answers', () =>
  withZone(zone, {}, async (resolver) => {
    for (const [question, name, answer] of table)
      assert.equal(await resolver[question](name, call()), answer, `${question} ${name}`)
  }))

test('MX come in the order of preference', () =>
  withZone(zone, {}, async (resolver) => {
    const answer = await resolver.mx('mx.example', call())
    const list = answer.kind === 'found' ? answer.records : []
    assert.equal(
      list.map((m) => m.preference),
      [10, 20, 20],
    )
    assert.is(list[0]?.exchange, 'A.mx.example')
  }))

test('an address is kept as long as its TTL says, other answers for the fixed time, failures not at all', () =>
  withZone(
    {
      'short.example': [
        { a: '192.0.2.1', ttl: 2 },
        { a: '192.0.2.2', ttl: 50 },
      ],
      'mx.example': zone['mx.example']!,
      'fails.example': 'servfail',
    },
    {},
    async (resolver, questions, server) => {
      const ask = async (method: 'a' | 'mx', name: string) => {
        const before = questions.length
        await resolver[method](name, call())
        return questions.length > before
      }
      assert.ok(await ask('a', 'short.example'))
      clock.ms += 1999
      assert.not(await ask('a', 'short.example'), 'within the TTL')
      clock.ms += 2
      assert.ok(await ask('a', 'short.example'), 'the shorter TTL is over')
      assert.ok(await ask('mx', 'mx.example'))
      clock.ms += 59_999
      assert.not(await ask('mx', 'mx.example'))
      clock.ms += 2
      assert.ok(await ask('mx', 'mx.example'))
      assert.ok(await ask('a', 'gone.example'))
      assert.not(await ask('a', 'gone.example'), 'absent is kept')
      clock.ms += 30_001
      assert.ok(await ask('a', 'gone.example'))
      assert.is((await resolver.a('fails.example', call())).kind, 'failed')
      server.zone = { 'fails.example': [{ a: '192.0.2.5' }] }
      assert.equal(await resolver.a('fails.example', call()), found('192.0.2.5'))
    },
  ))

test('equal questions under way are asked once', () =>
  withZone(zone, {}, async (resolver, questions) => {
    await Promise.all([1, 2, 3].map(() => resolver.a('one.example', call())))
    assert.equal(questions, ['one.example A'])
  }))

test('the cache is bounded: the oldest answer goes', () =>
  withZone(zone, { cacheSize: 2 }, async (resolver, questions) => {
    for (const name of ['one.example', 'a.example', 'b.example', 'one.example']) await resolver.a(name, call())
    assert.is(questions.filter((q) => q === 'one.example A').length, 2)
  }))

test('an aborted call gets its answer at once, the question goes on for the others', () =>
  withZone(zone, {}, async (resolver) => {
    const abort = new AbortController()
    const mine = resolver.mx('silent.example', call(abort.signal))
    abort.abort()
    assert.equal(await mine, { kind: 'failed', cause: 'the question was cancelled' })
  }))

test('hosts and the hosts file are answered before DNS', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-dns-'))
  const hostsFile = join(folder, 'hosts')
  await writeFile(
    hostsFile,
    '# comment\n192.0.2.50\tfile.example alias # more\nnonsense line\n2001:db8::50 file.example\n',
  )
  try {
    await withZone(zone, { hostsFile, hosts: { 'inline.example': '192.0.2.60' } }, async (resolver, questions) => {
      assert.equal(await resolver.a('file.example', call()), found('192.0.2.50'))
      assert.equal(await resolver.aaaa('Alias', call()), nodata)
      assert.equal(await resolver.aaaa('file.example', call()), found('2001:db8::50'))
      assert.equal(await resolver.ptr('192.0.2.50', call()), found('file.example', 'alias'))
      assert.equal(await resolver.a('inline.example', call()), found('192.0.2.60'))
      assert.equal(questions, [])
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a hosts file that is not there stops nothing; a wrong server does', async () => {
  const { resolver, stop } = await start({ hostsFile: '/nonexistent/hosts' })
  assert.equal(await resolver.a('localhost', call()), found('127.0.0.1'))
  await stop()
  assert.throws(() => dnsPlugin.definition.options.parse({ servers: ['ns.example'] }))
})

test.run()
