import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, failed, found } from '@postern/core'
import type { Lookup, Table } from '@postern/core'
import { fakeCall, freePort, missingPrograms, tableContract, tempFolder, until } from '@postern/testkit'
import { Memcached } from './server.ts'
import { STORED, closeAll, events, get, open, type } from './support.ts'

const why = missingPrograms('memcached')
const test = suite('memcache')
const it = why ? test.skip : test
const folder = await tempFolder('memcache')

let server: Memcached
const at = (o: Record<string, unknown> = {}) => ({ memcache: `inet:127.0.0.1:${server.port}`, timeout: '500ms', ...o })
test.before(async () => {
  if (why) return
  server = await Memcached.start(await freePort())
  for (const [key, value] of Object.entries(STORED)) await server.set(key, value)
})
test.before.each(() => void (events.length = 0))
test.after.each(closeAll)
test.after(async () => {
  await server?.kill()
  await folder.remove()
})

it('values, with what is special in the protocol', async () => {
  const table = await open(at())
  const { longer, ...rest } = STORED
  assert.ok(longer)
  const answers = await Promise.all(Object.keys(rest).map((key) => get(table, key)))
  assert.equal(answers, Object.values(rest).map(found))
  assert.match(JSON.stringify(await get(table, 'longer')), /"failed".*10241 bytes is above the limit of 10240/)
})
it('a key that memcached cannot hold is absent, and the backup is asked for it', async () => {
  const key = 'x'.repeat(251)
  assert.equal(await get(await open(at()), key), absent())
  assert.equal(
    await get(
      await open(
        at({ backup: 'test:backup' }),
        backup(() => found('kept')),
      ),
      key,
    ),
    found('kept'),
  )
  assert.is(await server.say('version\r\n').then((t) => t.startsWith('VERSION')), true)
})

const backup = (say: (key: string) => Lookup) => table('test:backup', say)
const table = (name: string, say: (key: string) => Lookup): Table => ({
  name,
  pattern: false,
  get: (key) => say(key),
})
it('the backup is asked for what is not there, and its values are put there', async () => {
  const keys: string[] = []
  const kept = backup((key) => (keys.push(key), key === 'New@x.example' ? found('from the backup') : absent()))
  const table = await open(at({ backup: 'test:backup', keyFormat: 'b:%s', flags: 7, ttl: 100 }), kept)
  assert.equal(await get(table, 'New@x.example', fakeCall({ dry: true })), found('from the backup'))
  assert.is(await server.say('get b:new@x.example\r\n'), 'END\r\n', 'a dry call writes nothing')
  assert.equal(await get(table, 'New@x.example'), found('from the backup'))
  await until(
    'it is stored',
    async () =>
      (await server.say('get b:new@x.example\r\n')) === 'VALUE b:new@x.example 7 15\r\nfrom the backup\r\nEND\r\n',
  )
  assert.equal(await get(table, 'new@x.example'), found('from the backup'))
  assert.equal(await get(table, 'none'), absent())
  assert.equal(keys, ['New@x.example', 'New@x.example', 'none'])
  assert.match(await server.say('mg b:new@x.example t\r\n'), /^HD t(9\d|100)\r\n/, 'for a hundred seconds')
})
it('what is too long to be read again is not stored', async () => {
  const table = await open(
    at({ backup: 'test:backup', dataSizeLimit: 3 }),
    backup(() => found('four')),
  )
  assert.equal(await get(table, 'too-long'), found('four'))
  assert.is(await server.say('get too-long\r\n'), 'END\r\n')
  assert.match(events.join(), /table.store .*4 bytes are above the limit of 3/)
})
it('killed: failed, with a backup what that one says; started again: found', async () => {
  const own = await Memcached.start(await freePort())
  try {
    await own.set('k', 'v')
    const o = { memcache: `inet:127.0.0.1:${own.port}`, timeout: '500ms', retryPause: '10ms' }
    const table = await open(o)
    const backed = await open(
      { ...o, backup: 'test:backup' },
      backup((key) => (key === 'bad' ? failed('bad') : found('b'))),
    )
    assert.equal(await get(table, 'k'), found('v'))
    await own.kill()
    for (let i = 0; i < 3; i++)
      assert.match(JSON.stringify(await get(table, 'k')), /"failed","why":"retry".*ECONNREFUSED/)
    assert.equal(await get(backed, 'k'), found('b'))
    assert.equal(await get(backed, 'bad'), failed('bad'))
    assert.match((await table.check!())!, /ECONNREFUSED/)
    await own.start()
    await own.set('k', 'v')
    await until('found again', async () => (await get(table, 'k')).kind === 'found', 5000)
    assert.equal(
      events
        .filter((e) => e.includes('table":"memcache'))
        .map((e) => e.split(' ')[0])
        .sort(),
      ['table.down', 'table.down', 'table.up'],
    )
  } finally {
    await own.kill()
  }
})
it('a restart between two lookups is not seen', async () => {
  const own = await Memcached.start(await freePort())
  try {
    const table = await open({ memcache: `inet:127.0.0.1:${own.port}`, retryPause: '10ms' })
    assert.equal(await get(table, 'k'), absent())
    await own.kill()
    await own.start()
    assert.equal(await get(table, 'k'), absent())
    assert.equal(events, [])
  } finally {
    await own.kill()
  }
})
it('hung: failed within two timeouts, tried twice; woken: found', async () => {
  const own = await Memcached.start(await freePort())
  try {
    await own.set('k', 'v')
    const table = await open({ memcache: `inet:127.0.0.1:${own.port}`, timeout: '300ms', retryPause: '10ms' })
    assert.equal(await get(table, 'k'), found('v'))
    own.hang()
    assert.match(JSON.stringify(await get(table, 'k')), /"failed","why":"retry".*no answer within 300 ms/)
    own.wake()
    await until('found again', async () => (await get(table, 'k')).kind === 'found', 5000)
  } finally {
    own.wake()
    await own.kill()
  }
})

/** what a server that is none answers to `get k`, what becomes of it */
const garbage: [string, RegExp][] = [
  ['HTTP/1.1 400 Bad Request\r\n\r\n', /unexpected reply: .*HTTP/],
  ['ERROR\r\n', /unexpected reply: .*ERROR/],
  ['SERVER_ERROR out of memory\r\n', /unexpected reply: .*SERVER_ERROR/],
  ['VALUE other 0 1\r\nx\r\nEND\r\n', /unexpected reply/],
  ['VALUE k 0 1\r\nxyz\r\nEND\r\n', /longer than the server said/],
  ['VALUE k 0 1\r\nx\r\nVALUE k 0 1\r\n', /unexpected reply/],
  ['VALUE k 0 -1\r\n', /unexpected reply/],
  ['VALUE k 0 99999999\r\n', /above the limit/],
  ['x'.repeat(5000), /a line is too long/],
  ['VALUE k 0 5\r\nab', /closed the connection|no answer/],
  ['', /closed the connection|no answer/],
]
for (const [bytes, said] of garbage)
  test(`a reply that is none is a failure: ${JSON.stringify(bytes.slice(0, 40))}`, async () => {
    const liar = createServer((socket) => socket.on('error', () => undefined).once('data', () => socket.end(bytes)))
    await new Promise<void>((done) => liar.listen(0, '127.0.0.1', done))
    const { port } = liar.address() as AddressInfo
    try {
      const table = await open({ memcache: `inet:127.0.0.1:${port}`, timeout: '500ms', retryPause: 0 })
      const answer = JSON.stringify(await get(table, 'k'))
      assert.match(answer, /"failed"/)
      assert.match(answer, said)
    } finally {
      await new Promise((done) => liar.close(done))
    }
  })
for (const maxTry of [1, 2])
  test(`a server that breaks off once, tried at most ${maxTry} times`, async () => {
    let connections = 0
    const server = createServer((socket) => {
      const first = ++connections === 1
      socket.on('error', () => undefined).once('data', () => socket.end(first ? '' : 'VALUE k 0 1\r\nv\r\nEND\r\n'))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const table = await open({ memcache: `inet:127.0.0.1:${port}`, maxTry, retryPause: '10ms' })
    assert.is((await get(table, 'k')).kind, maxTry === 1 ? 'failed' : 'found')
    assert.is(connections, maxTry)
    await table.close!()
    await new Promise((done) => server.close(done))
  })
test('a reply that comes byte by byte is a reply', async () => {
  const slow = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        const bytes = [...Buffer.from('VALUE k 0 4\r\nü\r\n\r\nEND\r\n')]
        const next = () => {
          const byte = bytes.shift()
          if (byte !== undefined) socket.write(Buffer.of(byte), () => setImmediate(next))
        }
        next()
      })
  })
  await new Promise<void>((done) => slow.listen(0, '127.0.0.1', done))
  const table = await open({ memcache: `inet:127.0.0.1:${(slow.address() as AddressInfo).port}` })
  assert.equal(await get(table, 'k'), found('ü\r\n'))
  await table.close!()
  await new Promise((done) => slow.close(done))
})

/** options, what is said */
const bad: [Record<string, unknown>, RegExp][] = [
  [{ memcache: 'localhost:11211' }, /memcache: expected inet:host:port or unix:\/path/],
  [{ memcache: 'inet:localhost' }, /memcache: expected/],
  [{ keyFormat: '%x' }, /keyFormat: unknown %x/],
  [{ maxTry: 0 }, /maxTry/],
  [{ memcached: 'x' }, /unknown option memcached; did you mean memcache/],
  [{ domain: '/nosuch/domains' }, /ENOENT.*nosuch/],
]
for (const [options, problem] of bad)
  test(`bad: ${JSON.stringify(options)}`, async () => {
    const table = await open(options)
    assert.match(String(await table.check!()), problem)
    assert.match(JSON.stringify(await get(table, 'k')), /"misconfigured"/)
  })
test('the backup of a file is a part, and so are the tables of its domain', async () => {
  const file = `${folder.path}/backup.cf`
  await writeFile(file, 'memcache = inet:127.0.0.1:1\nbackup = hash:/etc/aliases\ndomain = a.example hash:/d\n')
  assert.equal(type.parts!({ spec: file, where: 'test', folder: '/' }), ['hash:/etc/aliases', 'hash:/d'])
  const domains = table('hash:/d', (key) => (key === 'x.example' ? found('') : absent()))
  const backed = await open(
    file,
    backup((key) => found(`backup of ${key}`)),
    domains,
  )
  // the server is away
  for (const [key, expected] of [
    ['b@x.example', found('backup of b@x.example')],
    ['b@y.example', absent()],
  ] as const)
    assert.equal(await get(backed, key), expected, key)
})
test('the backup of an object is a part', () => {
  const parts = (spec: Record<string, unknown>) => type.parts!({ spec, where: 'test', folder: '/' })
  assert.equal(parts({ backup: 'hash:x' }), ['hash:x'])
  assert.equal(parts({ backup: { type: 'inline', map: { a: 'b' } } }), [{ type: 'inline', map: { a: 'b' } }])
  assert.equal(parts({}), [])
  assert.equal(parts({ domain: '!hash:d', backup: 'hash:x' }), ['hash:x', 'hash:d'])
  assert.throws(() => parts({ backup: 5 }), /backup: expected a table/)
})
test.run()

if (!why)
  tableContract('memcache', async () => {
    const own = await Memcached.start(await freePort())
    await own.set('a@x.example', 'box')
    return {
      table: await open({ memcache: `inet:127.0.0.1:${own.port}`, timeout: '500ms', retryPause: '10ms' }),
      found: { 'a@x.example': 'box' },
      absent: ['none', 'b@x.example'],
      breakIt: () => own.kill(),
      hang: () => own.hang(),
      close: () => own.kill(),
    }
  })
