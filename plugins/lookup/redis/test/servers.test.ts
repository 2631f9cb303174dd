/** A server that dies under requests, and sentinels that name another one. */
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { found } from '@postern/core'
import { freePort, freePorts, missingPrograms, tableContract, until } from '@postern/testkit'
import { RedisServer } from './server.ts'
import { closeAll, fill, get, open } from './support.ts'

const why = missingPrograms('redis-server', 'redis-cli')
const it = why ? test.skip : test
test.after.each(closeAll)

it('sentinels name the master, and another one after a failover', async () => {
  const [one, two, third] = (await freePorts(3)) as [number, number, number]
  const master = await RedisServer.start(one)
  const replica = await RedisServer.start(two, '--replicaof', '127.0.0.1', String(one))
  const conf = `${master.folder.path}/sentinel.conf`
  await writeFile(
    conf,
    `sentinel monitor mail 127.0.0.1 ${one} 1\nsentinel down-after-milliseconds mail 500\nsentinel failover-timeout mail 2000\n`,
  )
  const sentinel = await RedisServer.start(third, conf, '--sentinel')
  try {
    fill(master)
    await until('the replica has it', () => replica.cli('GET', 'a@x.example').includes('box'))
    const o = { hosts: `127.0.0.1:${third}`, timeout: '500ms' }
    const table = await open({ ...o, sentinel: 'mail' })
    assert.equal(await get(table, 'a@x.example'), found('box'))
    assert.match(
      JSON.stringify(await get(await open({ ...o, sentinel: 'other' }), 'k')),
      /"misconfigured".*no master other/,
    )
    await until(
      'the sentinel knows the replica',
      () => sentinel.cli('SENTINEL', 'replicas', 'mail').includes(String(two)),
      15_000,
    )
    await master.kill()
    assert.is((await get(table, 'a@x.example')).kind, 'failed')
    await until('found on the other', async () => (await get(table, 'a@x.example')).kind === 'found', 20_000)
  } finally {
    await Promise.all([sentinel.close(), replica.close(), master.close()])
  }
})
/** what a server says, is it said of us (misconfigured, no other is asked) or of its own state? */
const errors: [string, 'retry' | 'misconfigured'][] = [
  ['LOADING Redis is loading the dataset in memory', 'retry'],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'retry'],
  ['BUSY Redis is busy running a script.', 'retry'],
  ['ERR max number of clients reached', 'retry'],
  ['ERR unknown command', 'misconfigured'],
  ['MOVED 3999 127.0.0.1:6381', 'misconfigured'],
  ['NOAUTH Authentication required.', 'misconfigured'],
]
for (const [text, kind] of errors)
  test(`${text}: ${kind}`, async () => {
    const says = async (line: string) => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined).on('data', () => socket.write(`${line}\r\n`))
      })
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
    }
    const bad = await says(`-${text}`)
    const good = await says('+well')
    try {
      const answer = await get(await open({ hosts: bad.host }), 'k')
      assert.equal(answer, { kind: 'failed', why: kind, cause: `redis (in test): ${text}` })
      const both = await open({ hosts: [bad.host, good.host] })
      const kinds = new Set<string>()
      for (let i = 0; i < 20; i++) kinds.add((await get(both, 'k')).kind)
      assert.equal([...kinds].sort(), kind === 'retry' ? ['found'] : ['failed', 'found'])
    } finally {
      await closeAll()
      for (const { server } of [bad, good]) await new Promise((done) => server.close(done))
    }
  })
test.run()

if (!why)
  tableContract('redis', async () => {
    const own = await RedisServer.start(await freePort())
    fill(own)
    const spec = { hosts: `127.0.0.1:${own.port}`, timeout: '500ms' }
    return {
      table: await open(spec),
      found: { 'a@x.example': 'box', plain: 'value with, comma' },
      absent: ['none', 'b@x.example'],
      breakIt: () => own.kill(),
      hang: () => own.hang(),
      close: () => own.close(),
    }
  })
