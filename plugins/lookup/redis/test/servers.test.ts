/** A server that dies under requests, and sentinels that name another one. */
import { writeFile } from 'node:fs/promises'
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
      hang: () => own.signal('SIGSTOP'),
      close: () => own.close(),
    }
  })
