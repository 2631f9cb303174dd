import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { freePort, freePorts, missingPrograms, sleep, until } from '@postern/testkit'
import { RedisServer } from './server.ts'
import { closeAll, events, fill, get, isFound, open } from './support.ts'

const why = missingPrograms('redis-server', 'redis-cli', 'openssl')
const test = suite('redis')
const it = why ? test.skip : test
let server: RedisServer
const at = (o: Record<string, unknown> = {}) => ({ hosts: [`127.0.0.1:${server.port}`], timeout: '500ms', ...o })
test.before(async () => {
  if (why) return
  server = await RedisServer.start(await freePort())
  fill(server)
})
test.before.each(() => void (events.length = 0))
test.after.each(closeAll)
test.after(() => server?.close())

/** options, key, answer */
const answers: [Record<string, unknown>, string, Lookup][] = [
  [{}, 'a@x.example', found('box')],
  [{}, 'A@X.Example', found('box')],
  [{}, 'plain', found('value with, comma')],
  [{}, 'none', absent()],
  [{}, 'empty', absent()],
  [{}, '', absent()],
  [{ database: 3 }, 'a@x.example', found('third')],
  [{ query: 'get user:%d:%u' }, 'a@x.example', found('templated')],
  [{ query: 'GET user:%d:%u' }, 'a', absent()],
  [{ query: 'HGET users %s' }, 'a@x.example', found('field')],
  [{ query: ['HGET', 'users', '%s'] }, 'none', absent()],
  [{ query: 'LRANGE list:%u 0 -1' }, 'a@x.example', found('one,two,three')],
  [
    { query: 'LRANGE list:%u 0 -1', resultFormat: '%s@%D' },
    'a@x.example',
    found('one@x.example,two@x.example,three@x.example'),
  ],
  [{ query: 'SMEMBERS set:%u' }, 'a', found('only')],
  [{ query: 'SMEMBERS set:%u' }, 'b', absent()],
  [{ query: 'MGET %s plain' }, 'none', found('value with, comma')],
  [{ query: 'SISMEMBER domains %s' }, 'x.example', found('1')],
  [{ query: 'SISMEMBER domains %s' }, 'y.example', absent()],
  [{ query: 'EXISTS %s', resultFormat: 'OK' }, 'plain', found('OK')],
  [{ domain: ['y.example'] }, 'a@x.example', absent()],
  [{ domain: ['x.example'] }, 'a@x.example', found('box')],
  [{ domain: ['x.example'] }, 'plain', absent()],
]
for (const [options, key, answer] of answers)
  it(`${JSON.stringify(options)} ${key}`, async () => {
    const table = await open(at(options))
    assert.is(await table.check!(), undefined)
    assert.equal(await get(table, key), answer)
  })
it('a file in the form of Postfix has the same options', async () => {
  const file = `${server.folder.path}/redis.cf`
  await writeFile(
    file,
    `hosts = 127.0.0.1:${server.port}\nquery = HGET users %s\nresult_format = <%s>\nexpansion_limit = 2\nunknwon = 1\n`,
  )
  const table = await open(file)
  assert.equal(await get(table, 'a@x.example'), found('<field>'))
  assert.match(events.join(), /table.option .*line 5: unknown parameter unknwon/)
})
it('ten thousand values: all, or failed above the limit', async () => {
  const all = await get(await open(at({ query: 'LRANGE many 0 -1 %s' })), 'x')
  assert.is(all.kind, 'failed')
  const many = (await get(await open(at({ query: 'LRANGE %s 0 -1' })), 'many')) as { value: string }
  assert.is(many.value.split(',').length, 10_000)
  const over = await get(await open(at({ query: 'LRANGE %s 0 -1', expansionLimit: 9999 })), 'many')
  assert.match(JSON.stringify(over), /failed.*more than 9999 results/)
})
/** options, key, what is said: the server will say it again, so it is no passing failure */
const refused: [Record<string, unknown>, string, RegExp][] = [
  [{}, 'users', /WRONGTYPE/],
  [{ query: 'HGET plain %s' }, 'k', /WRONGTYPE/],
  [{ query: 'SMEMBERS %s' }, 'users', /WRONGTYPE/],
  [{ password: 'not-it' }, 'k', /./],
  [{ user: 'nobody', password: 'hunter2' }, 'k', /WRONGPASS/],
  [{ database: 99 }, 'k', /DB index is out of range/],
]
for (const [options, key, said] of refused)
  it(`refused: ${JSON.stringify(options)} ${key}`, async () => {
    const table = await open(at(options))
    for (let i = 0; i < 2; i++) {
      const answer = await get(table, key)
      assert.match(JSON.stringify(answer), /"failed","why":"misconfigured"/)
      assert.match(JSON.stringify(answer), said)
    }
    assert.is(events.length, 1, events.join())
    assert.not.match(events.join() + JSON.stringify(await table.check!()), /not-it|hunter2/)
    // others are answered by the same connection
    if (key === 'users' && !options.query) assert.equal(await get(table, 'plain'), found('value with, comma'))
  })
it('killed: failed; started again: found, without a restart here', async () => {
  const own = await RedisServer.start(await freePort())
  try {
    fill(own)
    const table = await open({ hosts: `127.0.0.1:${own.port}`, timeout: '500ms' })
    assert.equal(await get(table, 'a@x.example'), found('box'))
    await own.kill()
    for (let i = 0; i < 5; i++)
      assert.match(JSON.stringify(await get(table, 'a@x.example')), /"failed","why":"retry".*ECONNREFUSED/)
    assert.match((await table.check!())!, /ECONNREFUSED/)
    await own.start()
    await isFound(table)
    assert.equal(
      events.map((e) => e.split(' ')[0]),
      ['table.down', 'table.up'],
    )
  } finally {
    await own.close()
  }
})
it('a restart between two lookups is not seen', async () => {
  const own = await RedisServer.start(await freePort())
  try {
    fill(own)
    const table = await open({ hosts: `127.0.0.1:${own.port}` })
    assert.equal(await get(table, 'a@x.example'), found('box'))
    await own.kill()
    await own.start()
    assert.equal(await get(table, 'a@x.example'), found('box'))
    assert.equal(events, [])
  } finally {
    await own.close()
  }
})
it('hung: failed within the timeout, at the greeting too; woken: found', async () => {
  const own = await RedisServer.start(await freePort())
  try {
    fill(own)
    const table = await open({ hosts: `127.0.0.1:${own.port}`, timeout: '500ms' })
    assert.equal(await get(table, 'a@x.example'), found('box'))
    own.hang()
    const began = performance.now()
    assert.match(JSON.stringify(await get(table, 'a@x.example')), /"failed","why":"retry".*no answer within 500 ms/)
    const fresh = await open({ hosts: `127.0.0.1:${own.port}`, timeout: '500ms' })
    assert.match(JSON.stringify(await get(fresh, 'a@x.example')), /"failed","why":"retry".*no answer within 500 ms/)
    assert.ok(performance.now() - began < 5000)
    own.wake()
    await isFound(table)
    await isFound(fresh)
  } finally {
    await own.close()
  }
})
it('the second server answers while the first is away or hung', async () => {
  const own = await RedisServer.start(await freePort())
  try {
    const table = await open({ hosts: [`127.0.0.1:${own.port}`, `127.0.0.1:${server.port}`], timeout: '300ms' })
    own.hang()
    for (let i = 0; i < 8; i++) assert.equal(await get(table, 'a@x.example'), found('box'))
    await own.kill()
    for (let i = 0; i < 8; i++) assert.equal(await get(table, 'a@x.example'), found('box'))
  } finally {
    await own.close()
  }
})
it('users, passwords and a socket', async () => {
  const port = await freePort()
  const own = await RedisServer.start(port, '--requirepass', 'geheim', '--unixsocket', `/tmp/redis-${port}.sock`)
  const socket = `unix:/tmp/redis-${port}.sock`
  try {
    own.cli('-a', 'geheim', 'SET', 'a@x.example', 'box')
    own.cli('-a', 'geheim', 'SET', 'hidden', 'x')
    own.cli('-a', 'geheim', 'ACL', 'SETUSER', 'mail', 'on', '>wort', '~*@*', '+get')
    assert.equal(await get(await open({ hosts: socket, password: 'geheim' }), 'a@x.example'), found('box'))
    const mail = await open({ hosts: `127.0.0.1:${port}`, user: 'mail', password: 'wort' })
    assert.equal(await get(mail, 'a@x.example'), found('box'))
    assert.match(JSON.stringify(await get(mail, 'hidden')), /"misconfigured".*NOPERM/)
    assert.match(JSON.stringify(await get(await open({ hosts: socket }), 'k')), /"misconfigured".*NOAUTH/)
    const wrong = await open({ hosts: socket, password: 'wrong' })
    assert.match(JSON.stringify(await get(wrong, 'a@x.example')), /"misconfigured".*WRONGPASS/)
    // the password is put right on the server's side
    own.cli('-a', 'geheim', 'CONFIG', 'SET', 'requirepass', 'wrong')
    await isFound(wrong)
  } finally {
    await own.close()
  }
})
it('TLS: with the right authority, and not with another', async () => {
  const [port, tlsPort] = (await freePorts(2)) as [number, number]
  const plain = await RedisServer.start(port)
  const dir = plain.folder.path
  const openssl = (...args: string[]) => assert.is(spawnSync('openssl', args, { cwd: dir }).status, 0, args.join(' '))
  openssl(
    ...'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost'.split(' '),
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  )
  const files = [
    '--tls-cert-file',
    `${dir}/cert.pem`,
    '--tls-key-file',
    `${dir}/key.pem`,
    '--tls-ca-cert-file',
    `${dir}/cert.pem`,
  ]
  await plain.kill()
  const own = await RedisServer.start(port, '--tls-port', String(tlsPort), ...files, '--tls-auth-clients', 'optional')
  try {
    fill(own)
    const tls = { hosts: `127.0.0.1:${tlsPort}`, tls: true, timeout: '2s' }
    assert.equal(await get(await open({ ...tls, tlsCaFile: `${dir}/cert.pem` }), 'a@x.example'), found('box'))
    assert.equal(await get(await open({ ...tls, tlsVerify: false }), 'a@x.example'), found('box'))
    assert.match(JSON.stringify(await get(await open(tls), 'a@x.example')), /failed.*self-signed/)
    assert.match((await (await open({ ...tls, tlsCaFile: '/nonexistent' })).check!())!, /ENOENT/)
  } finally {
    await own.close()
    await plain.close()
  }
})
it('nothing is left open after close, and a closed table fails', async () => {
  const table = await open(at())
  await get(table, 'plain')
  const clients = () => server.cli('CLIENT', 'LIST').trim().split('\n').length
  const before = clients()
  await table.close!()
  await until('one client less', () => clients() === before - 1)
  assert.is((await get(table, 'plain')).kind, 'failed')
  await sleep(50)
  assert.is(clients(), before - 1)
})

/** options, what is said */
const bad: [Record<string, unknown>, RegExp][] = [
  [{ query: 'SET %s x' }, /query: expected one of GET, /],
  [{ query: 'EVAL %s' }, /query: expected one of GET, /],
  [{ query: 'GET' }, /query: needs a key/],
  [{ query: 'GET %x' }, /query: unknown %x/],
  [{ resultFormat: '%q' }, /resultFormat: unknown %q/],
  [{ hosts: 'a b:c:d' }, /hosts: expected host:port or unix:\/path/],
  [{ hosts: [] }, /hosts: is empty/],
  [{ host: 'x' }, /unknown option host; did you mean hosts/],
  [{ domain: '/nosuch/domains' }, /ENOENT.*nosuch/],
  [{ password: 5 }, /password/],
]
for (const [options, problem] of bad)
  test(`bad: ${JSON.stringify(options)}`, async () => {
    const table = await open(options)
    assert.match(String(await table.check!()), problem)
    assert.match(JSON.stringify(await get(table, 'k')), /"misconfigured"/)
  })
test.run()
