/** The built command with workers, from outside: starts, deaths, ends. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { Client, Load } from './support/load.ts'
import { lives, onSite, pause, until } from './support/site.ts'

test(
  'start, mail, status, stop',
  onSite(async (site) => {
    await site.config()
    const status = await site.start('--workers', '2')
    assert.is(Number(readFileSync(site.file('spool/postern.pid'), 'utf8')), status.pid)
    assert.equal(
      status.workers.map((w) => [w.index, w.state]),
      [
        [0, 'running'],
        [1, 'running'],
      ],
    )
    assert.match((await site.run('status')).out, /^worker {6}1: running, since .*, pid \d+, 0 sessions, 0 messages$/m)
    const tally = await new Load(site.port).start(4).end()
    assert.is(tally.accepted.length, 4)
    await until('delivery', async () => (await site.delivered()).length === 4)
    assert.equal((await site.delivered()).sort(), tally.accepted.sort())
    assert.equal(await site.run('stop'), { code: 0, out: `stopped (pid ${status.pid})\n`, err: '' })
    assert.equal(
      status.workers.map((w) => lives(w.pid)),
      [false, false],
    )
    assert.not(existsSync(site.file('spool/control')))
    assert.is(site.log(), '')
  }),
)

test(
  'the primary killed: the workers finish what is in hand and end, and a new start works',
  onSite(async (site) => {
    await site.config({ takes: 700 })
    const { pid, workers } = await site.start('--workers', '2')
    const tally = await new Load(site.port).start(4).end()
    process.kill(pid, 'SIGKILL')
    await until('the workers have ended', () => workers.every((w) => !lives(w.pid)))
    assert.is(tally.accepted.length, 4)
    assert.equal((await site.delivered()).sort(), tally.accepted.sort())
    const again = await site.start('--workers', '2')
    assert.is(again.workers.filter((w) => w.state === 'running').length, 2)
  }),
)

test(
  'a second primary on the same spool is refused, and the first one lives on',
  onSite(async (site) => {
    await site.config()
    const { pid } = await site.start('--workers', '2')
    for (const args of [['--workers', '2'], []]) {
      const second = await site.run('start', ...args)
      assert.is(second.code, 69)
      assert.match(second.err, /^postern: a postern is running on ~\/spool already \(pid \d+\)/)
    }
    assert.is((await site.status()).pid, pid)
  }),
)

test(
  'a first worker that cannot start fails the start with its text and code',
  onSite(async (site) => {
    const taken = createServer()
    await new Promise<void>((done) => taken.listen(site.port, '127.0.0.1', done))
    await site.config()
    for (const args of [
      ['--workers', '2'],
      ['--workers', '2', '--foreground'],
    ]) {
      const { code, err } = await site.run('start', ...args)
      assert.is(code, 69)
      assert.match(err, new RegExp(`^postern: .*cannot listen on 127.0.0.1:${site.port}: listen EADDRINUSE`, 'm'))
    }
    await new Promise((done) => taken.close(done))
    assert.not(existsSync(site.file('spool/control')))
    await site.config({ domian: 'x' })
    const { code, err } = await site.run('start', '--workers', '2', '--foreground')
    assert.is(code, 78)
    assert.match(
      err,
      /^postern\.config\.json: plugins\[1\]\.\S+\.domian: unknown option \(did you mean "domain"\?\) \[PN_CONFIG_INVALID\]\n$/,
    )
    assert.is((await site.run('start', '--workers', '0')).code, 64)
  }),
)

test(
  'a worker that dies in each start is tried again, ever more slowly, while the others work',
  onSite(async (site) => {
    await writeFile(site.file('flag'), '')
    await site.config({ diesIn: 1, diesWhile: site.file('flag') })
    const { workers } = await site.start('--workers', '2')
    assert.is(workers[0]!.state, 'running')
    await until('a second pause', () => /"cause":"[^"]*exit code 3","pause":1000/.test(site.log()))
    assert.is((await new Load(site.port).start(2).end()).accepted.length, 2)
    const flag = site.file('flag')
    await rm(flag)
    await until('it runs', async () => (await site.status()).workers[1]!.state === 'running')
    assert.ok((await site.status()).workers[1]!.restarts >= 2)
  }),
)

test(
  'SIGTERM lets workers finish, a second one does not wait',
  onSite(async (site) => {
    await site.config({ takes: 3000 }, {}, { drainTimeout: '60s' })
    const first = await site.start('--workers', '2')
    const { accepted } = await new Load(site.port).start(2).end()
    process.kill(first.pid, 'SIGTERM')
    await until('the end', () => !lives(first.pid))
    assert.equal((await site.delivered()).sort(), accepted.sort())

    const second = await site.start('--workers', '2')
    const idle = new Client(site.port)
    await idle.reply()
    await idle.say('MAIL FROM:<>')
    process.kill(second.pid, 'SIGTERM')
    await pause(500)
    assert.ok(lives(second.pid))
    process.kill(second.pid, 'SIGTERM')
    await until('the end', () => !lives(second.pid))
    assert.equal(
      second.workers.map((w) => lives(w.pid)),
      [false, false],
    )
    assert.equal(
      readdirSync(site.file('spool')).filter((name) => /control|pid/.test(name)),
      [],
    )
  }),
)

test(
  'SIGTERM while a new generation starts: the primary ends behind all of its workers',
  onSite(async (site) => {
    await site.config()
    const { pid } = await site.start('--workers', '2')
    const reload = site.run('reload', '--workers', '3')
    const workers = () =>
      readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    await until('the new ones', () => workers().length === 5)
    const all = workers()
    process.kill(pid, 'SIGTERM')
    await until('the end', () => !lives(pid))
    assert.equal(all.filter(lives), [])
    assert.match((await reload).err, /^postern: postern is being stopped/)
    // nothing of it keeps the next start waiting
    assert.is((await site.start('--workers', '2')).workers.length, 2)
  }),
)

test.run()
