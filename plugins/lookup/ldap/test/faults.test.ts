/** A server that is away, hangs, comes back, refuses, has too much or something else than a directory; one connection for all. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Lookup } from '@postern/core'
import { fakeCall, sleep, until, within } from '@postern/testkit'
import { open } from './support/open.ts'
import { missing, slapd } from './support/slapd.ts'
import type { Slapd } from './support/slapd.ts'

const person = (uid: string) =>
  `dn: uid=${uid},dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: all\nmail: ${uid}@example.org\n\n`
const MANY = 10_000
const LDIF = Array.from({ length: MANY }, (_v, i) => person(`u${i}`)).join('')

const test = suite('ldap: faults')
const why = missing()
const it = why ? test.skip : test
let server: Slapd
test.before(async () => {
  if (!why) server = await slapd({ ldif: LDIF, config: 'sizelimit unlimited' })
})
test.after(() => server?.close())
const options = (more: object = {}) => ({
  serverHost: server.url,
  searchBase: 'dc=example,dc=org',
  queryFilter: '(mail=%s)',
  resultAttribute: 'uid',
  timeout: 1,
  ...more,
})
const KEY = 'u1@example.org'
const FOUND: Lookup = { kind: 'found', value: 'u1' }
const failure = (answer: Lookup, cause: RegExp, why?: string) => {
  assert.is(answer.kind, 'failed', JSON.stringify(answer))
  if (answer.kind !== 'failed') return
  assert.match(answer.cause, cause)
  if (why) assert.is(answer.why, why)
}
const events = (log: readonly string[]) => log.map((line) => line.split(' ')[0])

it('killed: failed; back: found, without a restart; told once each', async () => {
  const t = await open(options())
  assert.equal(await t.ask(KEY), FOUND)
  await server.kill()
  for (let i = 0; i < 3; i++) failure(await t.ask(KEY), /ECONNREFUSED|connection/, 'retry')
  failure(await t.ask('nobody'), /ECONNREFUSED/)
  assert.match((await t.check())!, /ECONNREFUSED/)
  await server.start()
  await until('found again', async () => (await t.ask(KEY)).kind === 'found')
  assert.equal(await t.ask('nobody'), { kind: 'absent' })
  assert.equal(events(t.log), ['table.down', 'table.up'])
  await t.close()
})
it('restarted between two lookups: the second one does not notice', async () => {
  const t = await open(options())
  assert.equal(await t.ask(KEY), FOUND)
  await server.kill()
  await server.start()
  assert.equal(await t.ask(KEY), FOUND)
  assert.equal(t.log, [])
  await t.close()
})
it('hung: failed in time; awake: found', async () => {
  const t = await open(options())
  assert.equal(await t.ask(KEY), FOUND)
  server.freeze()
  try {
    const all = [KEY, KEY, 'nobody'].map((key) => t.ask(key))
    for (const answer of await within('hung', Promise.all(all), 5000))
      failure(answer, /no answer|no connection|does not answer/)
    assert.match((await within('check', t.check(), 6000))!, /no connection|no answer/)
  } finally {
    server.thaw()
  }
  await until('found again', async () => (await t.ask(KEY)).kind === 'found')
  await t.close()
})
it('a connection that is dead without a word is given up, and others are made', async () => {
  let dead = false
  const proxy = createServer((near) => {
    const late = !dead
    const far = connect(server.port, '127.0.0.1')
    near.on('error', () => undefined).on('close', () => far.destroy())
    far.on('error', () => undefined)
    near.on('data', (bytes: Buffer) => (dead && late) || far.write(bytes))
    far.on('data', (bytes: Buffer) => (dead && late) || near.write(bytes))
  })
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  const t = await open(options({ serverHost: `127.0.0.1:${(proxy.address() as AddressInfo).port}` }))
  assert.equal(await t.ask(KEY), FOUND)
  dead = true
  failure(await t.ask(KEY), /no answer within 1 s/)
  // a server that failed has a second's rest
  await sleep(1100)
  assert.equal(await t.ask(KEY), FOUND)
  assert.is(t.stats().connections, 2)
  await t.close()
  proxy.close()
})
it('an aborted lookup ends at once, and others go on', async () => {
  const t = await open(options({ timeout: 3 }))
  assert.equal(await t.ask(KEY), FOUND)
  server.freeze()
  const call = fakeCall()
  const gone = Promise.resolve(t.get(KEY, call))
  const other = t.ask(KEY)
  setTimeout(() => call.abort(new Error('the client has gone')), 30)
  try {
    failure(await within('aborted', gone, 1000), /the client has gone/)
  } finally {
    server.thaw()
  }
  assert.equal(await other, FOUND)
  assert.equal(t.log, [])
  await t.close()
})
it('closed: what is under way fails, nothing comes after', async () => {
  const t = await open(options({ timeout: 30 }))
  assert.equal(await t.ask(KEY), FOUND)
  server.freeze()
  const asked = [t.ask(KEY), t.ask('nobody')]
  await sleep(30)
  await t.close()
  try {
    for (const answer of await within('closed', Promise.all(asked), 1000)) assert.is(answer.kind, 'failed')
    assert.is((await within('later', t.ask(KEY), 1000)).kind, 'failed')
  } finally {
    server.thaw()
  }
})
it('10,000 results, and limits on them', async () => {
  const all = { queryFilter: '(sn=%s)', timeout: 10 }
  const t = await open(options(all))
  const answer = await t.ask('all')
  assert.is(answer.kind === 'found' ? answer.value.split(',').length : answer.kind, MANY)
  await t.close()
  for (const [limit, cause] of [
    [{ expansionLimit: 100 }, /sizeLimitExceeded/],
    [{ sizeLimit: 9999 }, /sizeLimitExceeded/],
    [{ sizeLimit: 0, expansionLimit: 9999 }, /more than 9999 results/],
  ] as const) {
    const limited = await open(options({ ...all, ...limit }))
    failure(await limited.ask('all'), cause)
    // it is this key that has too much, not the table that is down
    assert.equal(limited.log, [])
    await limited.close()
  }
  const enough = await open(options({ ...all, expansionLimit: MANY }))
  assert.is((await enough.ask('all')).kind, 'found')
  await enough.close()
})
const wrong: [string, object, RegExp][] = [
  ['no such base', { searchBase: 'dc=nowhere' }, /search_base dc=nowhere: .*noSuchObject/],
  ['no name at all', { searchBase: 'not a name' }, /invalidDNSyntax/],
  [
    'a schema without the attribute that is compared',
    { queryFilter: '(nosuch=%s)' },
    /query_filter: .*schema has no attribute nosuch/,
  ],
  [
    'a schema without the attribute that is wanted',
    { resultAttribute: 'nosuch' },
    /result_attribute: .*schema has no attribute nosuch/,
  ],
  ['a filter that is none', { queryFilter: '(mail=%s' }, /query_filter: a parenthesis is not closed/],
  ['an unknown template', { queryFilter: '(mail=%z)' }, /query_filter: unknown %z/],
  ['a base with an unknown template', { searchBase: 'ou=%x' }, /search_base: unknown %x/],
  ['nothing wanted', { resultAttribute: [] }, /result_attribute: is empty/],
  ['no host', { serverHost: 'http://x' }, /server_host: expected a host/],
  ['an unknown option', { searchbase: 'x' }, /unknown option searchbase; did you mean searchBase/],
  ['a scope that is none', { scope: 'all' }, /scope: expected sub, base or one/],
]
for (const [title, more, cause] of wrong)
  it(`${title}: failed, and the check says why`, async () => {
    const t = await open(options(more))
    failure(await t.ask('nobody'), cause, 'misconfigured')
    failure(await t.ask(KEY), cause, 'misconfigured')
    assert.match((await t.check())!, cause)
    await t.close()
  })
it('one of several attributes that the schema lacks does no harm', async () => {
  const t = await open(options({ queryFilter: '(|(mail=%s)(nosuch=%s))', resultAttribute: 'uid nosuch' }))
  assert.equal(await t.ask(KEY), FOUND)
  assert.equal(await t.ask('nobody'), { kind: 'absent' })
  assert.is(await t.check(), undefined)
  await t.close()
})
it('several servers: the next one is asked, in their order', async () => {
  const t = await open(options({ serverHost: ['127.0.0.1:1', `127.0.0.1:${server.port}`] }))
  for (let i = 0; i < 3; i++) assert.equal(await t.ask(KEY), FOUND)
  assert.equal(events(t.log), ['table.server.down'])
  await t.close()
})
it('hundreds at once, each with its own answer, on one connection', async () => {
  const t = await open(options({ timeout: 10 }))
  const answers = await Promise.all(
    Array.from({ length: 600 }, (_v, i) => t.ask(i % 3 ? `u${i}@example.org` : `no${i}`)),
  )
  answers.forEach((answer, i) => assert.equal(answer, i % 3 ? { kind: 'found', value: `u${i}` } : { kind: 'absent' }))
  assert.is(t.stats().connections, 1)
  await t.close()
})

/** What a server says that is no directory, and what must become of it. */
const odd: [string, (socket: Socket) => void, RegExp][] = [
  ['a web server', (s) => s.on('data', () => s.write('HTTP/1.1 400 Bad Request\r\n\r\n')), /does not speak LDAP/],
  ['one that closes at once', (s) => s.end(), /closed|lost|reset|EPIPE/i],
  ['one that closes when asked', (s) => s.on('data', () => s.destroy()), /closed|lost|reset/i],
  ['one that says nothing', () => undefined, /no connection|no answer/],
  [
    'one that announces gigabytes',
    (s) => s.on('data', () => s.write(Buffer.from('308470000000', 'hex'))),
    /message of/,
  ],
  [
    'one that says goodbye',
    (s) => s.on('data', () => s.write(Buffer.from('300c02010078070a013404000400', 'hex'))),
    /ends the connection/,
  ],
  ['one that sends half a message', (s) => s.on('data', () => s.end(Buffer.from('300c0201', 'hex'))), /closed/],
]
for (const [title, speak, cause] of odd)
  it(`${title}: failed`, async () => {
    const sockets = new Set<Socket>()
    const other = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined))
      speak(socket)
    })
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
    const t = await open(options({ serverHost: `127.0.0.1:${(other.address() as AddressInfo).port}` }))
    failure(await within(title, t.ask(KEY), 5000), cause, 'retry')
    await t.close()
    for (const socket of sockets) socket.destroy()
    other.close()
  })
it('a server that says the password back is not quoted', async () => {
  const said = Buffer.from('bad password correct-horse, go away')
  const result = Buffer.concat([Buffer.from([0x0a, 1, 49, 4, 0, 4, said.length]), said])
  const answer = Buffer.concat([Buffer.from([0x30, result.length + 5, 2, 1, 1, 0x61, result.length]), result])
  const other = createServer((socket) => socket.on('error', () => undefined).on('data', () => socket.write(answer)))
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
  const serverHost = `127.0.0.1:${(other.address() as AddressInfo).port}`
  const t = await open(options({ serverHost, bindDn: 'cn=x', bindPw: 'correct-horse' }))
  const told = JSON.stringify([await t.ask(KEY), await t.check(), t.log])
  assert.match(told, /bad password \(secret\), go away/)
  assert.not.match(told, /correct-horse/)
  await t.close()
  other.close()
})
test.run()
