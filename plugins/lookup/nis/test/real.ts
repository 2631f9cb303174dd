/** Against rpcbind, ypserv and ypbind. Runs in a network of its own, started by nis.test.ts. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { absent, found } from '@postern/core'
import type { OpenTable } from '@postern/core'
import { fakeCall, programPath, tableContract, until, within } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeMap, rpcbind, ypbind, ypserv } from './daemons.ts'
import { open } from './open.ts'

const LONG = 'x'.repeat(1020)
const MAIL = {
  joe: 'joe@example.org, ann@example.org',
  root: 'joe',
  '@': '@',
  long: LONG,
  'a:b': 'c',
  utf: 'ü@example',
}
await rpcbind.start()
makeMap('mail.aliases', MAIL)
makeMap(
  'many',
  Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, `value${i} ${'y'.repeat(40)}`])),
)
await ypserv.start()

const get = async (table: OpenTable, key: string) => within(key, Promise.resolve(table.get(key, fakeCall())), 20_000)
const cause = async (table: OpenTable, key = 'joe') => {
  const answer = await get(table, key)
  return answer.kind === 'failed' ? `${answer.why} ${answer.cause}` : answer.kind
}
const again = (table: OpenTable) => until('found again', async () => (await get(table, 'joe')).kind === 'found')

for (const transport of ['udp', 'tcp']) {
  tableContract(`nis, ${transport}`, async () => {
    await ypserv.start()
    const { table } = await open({ map: 'mail.aliases', servers: '127.0.0.1', transport, timeout: 1 })
    return {
      table,
      found: { ...MAIL, JOE: MAIL.joe },
      absent: ['none', 'jo', 'joe2', 'yp_master_name'],
      breakIt: () => ypserv.stop('SIGKILL'),
      hang: () => ypserv.signal('SIGSTOP'),
      close: () => ypserv.signal('SIGCONT'),
    }
  })
  test(`${transport}: 10,000 entries are what ypserv has`, async () => {
    const { table } = await open({ map: 'many', servers: '127.0.0.1', transport })
    const all = new Map<string, string>()
    for await (const [key, value] of table.entries!()) all.set(key, value)
    assert.is(all.size, 10_000)
    assert.is(all.get('key9999'), `value9999 ${'y'.repeat(40)}`)
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => get(table, `key${i * 10}`)))
    answers.forEach((answer, i) => assert.equal(answer, found(all.get(`key${i * 10}`)!)))
    await table.close!()
  })
  test(`${transport}: killed, and back on another port`, async () => {
    await ypserv.start()
    const { table, told } = await open({ map: 'mail.aliases', servers: '127.0.0.1', transport, timeout: 2 })
    assert.equal(await get(table, 'joe'), found(MAIL.joe))
    await ypserv.stop('SIGKILL')
    assert.match(await cause(table), /^retry nis:mail.aliases: /)
    assert.match(await cause(table, 'none'), /^retry /)
    await ypserv.start('-p', '15999')
    await again(table)
    assert.equal(told, ['table.down 127.0.0.1', 'table.up 127.0.0.1'])
    assert.equal(await get(table, 'none'), absent())
    await table.close!()
  })
  test(`${transport}: a server that has moved while nobody asked costs no lookup`, async () => {
    const { table, told } = await open({ map: 'mail.aliases', servers: '127.0.0.1', transport })
    assert.equal(await get(table, 'joe'), found(MAIL.joe))
    await ypserv.stop()
    await ypserv.start('-p', transport === 'udp' ? '15998' : '15997')
    assert.equal(await get(table, 'root'), found('joe'))
    assert.equal(told, [])
    await table.close!()
  })
  test(`${transport}: hung, and on again`, async () => {
    const { table } = await open({ map: 'mail.aliases', servers: ['127.0.0.1'], transport, timeout: 1 })
    assert.equal(await get(table, 'joe'), found(MAIL.joe))
    ypserv.signal('SIGSTOP')
    assert.is(await cause(table), 'retry nis:mail.aliases: no answer within 1 s')
    ypserv.signal('SIGCONT')
    await again(table)
    await table.close!()
  })
  test(`${transport}: the next server answers for one that is away`, async () => {
    const { table, told } = await open({ map: 'mail.aliases', servers: '127.0.0.1:1, 127.0.0.1', transport })
    assert.equal(await get(table, 'joe'), found(MAIL.joe))
    assert.equal(await get(table, 'none'), absent())
    assert.equal(told, ['table.down 127.0.0.1:1'])
    await table.close!()
  })
  test(`${transport}: the server that ypbind is bound to`, async () => {
    const { table } = await open('mail.aliases', { transport, timeout: '2s' })
    const problem = /no servers are named, and this machine is bound to none: the portmapper knows no ypbind/
    assert.match(String(await table.check!()), problem)
    assert.match(await cause(table), problem)
    await ypbind.start()
    await again(table)
    assert.is(await table.check!(), undefined)
    await ypbind.stop()
    assert.equal(await get(table, 'root'), found('joe'), 'the binding is kept')
    await table.close!()
  })
}
test('no such map, no such domain, no domain', async () => {
  for (const [spec, what] of [
    [{ map: 'nomap' }, 'nis:nomap: no such map in the domain'],
    [{ map: 'mail.aliases', domain: 'other' }, 'nis:mail.aliases: the domain is not served there'],
  ] as const) {
    const { table } = await open({ ...spec, servers: '127.0.0.1' })
    assert.is(await table.check!(), what)
    assert.is(await cause(table), `misconfigured ${what}`)
    assert.is(await cause(table, 'none'), `misconfigured ${what}`)
    await table.close!()
  }
  writeFileSync('/proc/sys/kernel/domainname', '(none)')
  const { table } = await open({ map: 'mail.aliases', servers: '127.0.0.1' })
  const what = 'nis:mail.aliases: no domain is named, and the system has none (domainname)'
  assert.is(await table.check!(), what)
  assert.is(await cause(table), `misconfigured ${what}`)
  writeFileSync('/proc/sys/kernel/domainname', 'testdom')
  assert.equal(await get(table, 'joe'), found(MAIL.joe))
  await table.close!()
})
test('nicknames', async () => {
  const { table } = await open({ map: 'aliases', servers: '127.0.0.1' })
  assert.equal(await get(table, 'joe'), found(MAIL.joe))
  const all: string[] = []
  for await (const [key] of table.entries!()) all.push(key)
  assert.equal(all.sort(), Object.keys(MAIL).sort())
  await table.close!()
})
test('the portmapper is away, and back', async () => {
  await ypserv.stop()
  await rpcbind.stop()
  const { table } = await open({ map: 'mail.aliases', servers: '127.0.0.1', timeout: 1 })
  assert.match(String(await table.check!()), /ECONNREFUSED/)
  assert.match(await cause(table), /ECONNREFUSED/)
  await rpcbind.start()
  await until('no server', async () => (await cause(table)).includes('no NIS server runs on 127.0.0.1'))
  await ypserv.start()
  await again(table)
  await table.close!()
})
test('the same answers as ypmatch and postmap', async () => {
  await ypbind.start()
  const { table } = await open('mail.aliases')
  const postmap = programPath('postmap')
  for (const key of [...Object.keys(MAIL), 'none', 'JOE', 'Root', 'y'.repeat(1000), 'joe@example.org', '*', 'a b']) {
    const answer = await get(table, key)
    const ours = answer.kind === 'found' ? answer.value : answer.kind
    const match = spawnSync('ypmatch', [key.toLowerCase(), 'mail.aliases'], { encoding: 'utf8' })
    assert.is(ours, match.status === 0 ? match.stdout.trimEnd() : 'absent', `ypmatch ${key}`)
    if (!postmap) continue
    const map = spawnSync(postmap, ['-q', key, 'nis:mail.aliases'], { encoding: 'utf8' })
    assert.is(map.stderr, '')
    assert.is(ours, map.status === 0 ? map.stdout.trimEnd() : 'absent', `postmap ${key}`)
  }
  await table.close!()
})
test.after(async () => {
  await ypbind.stop()
  await ypserv.stop()
  await rpcbind.stop()
})
test.run()
