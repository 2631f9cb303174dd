import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createServer } from 'node:net'
import { existsSync, mkdirSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { collect, endOf, onSite, until } from './support/command.ts'

test(
  'start, status, stop',
  onSite(async (site) => {
    await site.little()
    const started = await site.run('start')
    assert.equal([started.code, started.err], [0, ''])
    assert.match(started.out, /^Postern is ready \(pid \d+\), with postern\.config\.json$/m)
    assert.match(started.out, /listens on {2}127\.0\.0\.1:2525 \(little, smtp\)/)
    assert.match(started.out, /swaks --server 127\.0\.0\.1:2525 --to you@mail\.here\.example --from test@example\.org/)
    const pid = Number(await readFile(path.join(site.folder, 'spool/postern.pid'), 'utf8'))
    process.kill(pid, 0)
    const socket = await stat(path.join(site.folder, 'spool/control'))
    assert.is(socket.mode & 0o777, 0o600)
    const status = JSON.parse((await site.run('status', '--json')).out)
    assert.equal([status.state, status.pid, status.hostname], ['running', pid, 'mail.here.example'])
    assert.match((await site.run('status')).out, /^state {7}running since .*, pid \d+$/m)

    assert.equal(await site.run('stop'), { code: 0, out: `stopped (pid ${pid})\n`, err: '' })
    assert.throws(() => process.kill(pid, 0), /ESRCH/)
    assert.not(existsSync(path.join(site.folder, 'spool/control')))
    assert.not(existsSync(path.join(site.folder, 'spool/postern.pid')))
    assert.is((await site.run('stop')).code, 69)
  }),
)

test(
  'a second start on the same spool is refused, and the first one lives on',
  onSite(async (site) => {
    await site.little()
    await site.run('start')
    const second = await site.run('start')
    assert.is(second.code, 69)
    assert.match(
      second.err,
      /^postern: a postern is running on ~\/spool already \(pid \d+\): stop it with "postern stop"/,
    )
    assert.is((await site.run('status')).code, 0)
  }),
)

test(
  'the socket of a daemon that died is replaced',
  onSite(async (site) => {
    await site.little()
    const child = site.spawn('start', '--foreground')
    const output = collect(child)
    await until('ready', () => output.out.includes('Postern is ready'))
    child.kill('SIGKILL')
    await endOf(child)
    assert.ok(existsSync(path.join(site.folder, 'spool/control')))
    assert.is((await site.run('status')).code, 69)
    assert.is((await site.run('start')).code, 0)
  }),
)

test(
  'something that answers on the socket is never taken for dead',
  onSite(async (site) => {
    await site.little()
    mkdirSync(path.join(site.folder, 'spool'))
    const mute = createServer((s) => s.destroy())
    await new Promise<void>((r) => mute.listen(path.join(site.folder, 'spool/control'), r))
    const { code, err } = await site.run('start')
    await new Promise((r) => mute.close(r))
    assert.is(code, 69)
    assert.match(err, /a postern is running on ~\/spool already \(it does not say its pid\)/)
  }),
)

test(
  'SIGHUP and reload: a bad configuration leaves the old one running',
  onSite(async (site) => {
    await site.little()
    const child = site.spawn('start', '--foreground')
    const output = collect(child)
    await until('ready', () => output.out.includes('Postern is ready'))
    const domain = async () => {
      const { out } = await site.run('explain', '--running', '--to', 'you@new.example', '--json')
      return JSON.parse(out).accepted
    }
    await site.little({ domian: 'new.example' })
    child.kill('SIGHUP')
    await until('reload.failed in the log', () => output.err.includes('reload.failed'))
    assert.match(output.err, /plugins\[1\]\.little\.domian/)
    const refused = await site.run('reload')
    assert.is(refused.code, 78)
    assert.is(
      refused.err,
      'postern.config.json: plugins[1].little.domian: unknown option (did you mean "domain"?) [PN_CONFIG_INVALID]\npostern: the old configuration runs on\n',
    )
    assert.is(await domain(), false)

    await site.little({ domain: 'new.example' })
    assert.equal(await site.run('reload'), { code: 0, out: 'reloaded: postern.config.json\n', err: '' })
    assert.is(await domain(), true)
    child.kill('SIGTERM')
    assert.is(await endOf(child), 0)
  }),
)

test(
  'a stray rejection of a plugin is logged and ends nothing',
  onSite(async (site) => {
    await site.little({ stray: true })
    const child = site.spawn('start', '--foreground')
    const output = collect(child)
    await until('ready', () => output.out.includes('Postern is ready'))
    await until('the log', () => output.err.includes('plugin.strayRejection'))
    assert.match(output.err, /nobody holds me/)
    assert.is((await site.run('status')).code, 0)
    child.kill('SIGINT')
    assert.is(await endOf(child), 0)
  }),
)

test(
  'an uncaught exception ends the process with 70, having told what',
  onSite(async (site) => {
    await site.little({ crash: true })
    const child = site.spawn('start', '--foreground')
    const output = collect(child)
    assert.is(await endOf(child), 70)
    assert.match(output.err, /process\.uncaughtException.*nobody catches me/)
    assert.not(existsSync(path.join(site.folder, 'spool/control')))
  }),
)

test(
  'the first signal waits for what is in hand, the second one does not',
  onSite(async (site) => {
    await site.little({ slow: true }, { drainTimeout: '1h' })
    const child = site.spawn('start', '--foreground')
    const output = collect(child)
    await until('ready', () => output.out.includes('Postern is ready'))
    child.kill('SIGTERM')
    await until('draining', async () => (await site.run('status')).out.startsWith('state       draining'))
    child.kill('SIGTERM')
    assert.is(await endOf(child), 0)
  }),
)

test(
  'a daemon that ends without a word is told, too',
  onSite(async (site) => {
    await site.little({ dies: true })
    const { code, err } = await site.run('start')
    assert.is(code, 70)
    assert.is(err, 'postern: the daemon ended before it was ready; see ~/spool/postern.log\n')
  }),
)

test(
  'what keeps the daemon from starting is told by the command, and nothing is left behind',
  onSite(async (site) => {
    await site.little({ nosuch: 1 })
    const bad = await site.run('start')
    assert.is(bad.code, 78)
    assert.match(bad.err, /plugins\[1\]\.little\.nosuch: unknown option/)
    assert.not(existsSync(path.join(site.folder, 'spool')))

    await site.little({}, { spool: `s${'x'.repeat(100)}` })
    const long = await site.run('start')
    assert.is(long.code, 78)
    assert.match(long.err, /control\.public has a name of \d+ bytes, and a unix socket may have 107/)

    const taken = createServer()
    await new Promise<void>((r) => taken.listen(0, '127.0.0.1', r))
    const { port } = taken.address() as { port: number }
    await site.little(
      {},
      { extends: 'standard', plugins: [{ 'listen-smtp': { listen: [`127.0.0.1:${port}`] }, as: 'mx' }] },
    )
    const busy = await site.run('start')
    await new Promise((r) => taken.close(r))
    assert.is(busy.code, 69)
    assert.match(busy.err, /EADDRINUSE/)
    assert.not(existsSync(path.join(site.folder, 'spool/control')))
  }),
)

test.run()
