import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectPublic, publicPath } from '@postern/cli/client'
import type { CommandError, PublicRow } from '@postern/cli/client'
import { onSite, until } from './support/command.ts'
import type { Site } from './support/command.ts'

const mailq = async (site: Site): Promise<PublicRow[]> => {
  const daemon = await connectPublic(site.spool)
  const rows: PublicRow[] = []
  await daemon!.ask('queue.list', {}, (row) => void rows.push(row))
  return rows
}
const failure = (work: Promise<unknown>): Promise<CommandError> =>
  work.then(
    () => assert.unreachable('it should have been refused'),
    (error: CommandError) => error,
  ) as Promise<CommandError>

test(
  'everybody sees what mailq shows, flushes, and can do nothing else',
  onSite(async (site) => {
    await site.little({ away: true, sends: ['you@here.example', 'x@far.example'] })
    await site.run('start')
    assert.is((await stat(publicPath(site.spool))).mode & 0o777, 0o666)
    await until('both were tried', async () => (await mailq(site)).every((m) => m.recipients[0]!.text))
    const [row] = await mailq(site)
    assert.equal(Object.keys(row!).sort(), ['envelope', 'id', 'nextTry', 'recipients', 'size'])
    assert.equal(Object.keys(row!.envelope).sort(), ['created', 'sender'])
    assert.is(row!.envelope.sender, 'me@here.example')
    assert.equal(row!.recipients, [
      { state: 'pending', address: 'you@here.example', esc: '4.4.1', text: 'the other side is away' },
    ])
    assert.ok(row!.size > 50 && row!.envelope.created <= Date.now() && row!.nextTry > Date.now())

    await site.run('queue', 'hold', row!.id, '--why', 'a secret')
    const [held] = await mailq(site)
    assert.equal(Object.keys(held!.held!), ['at'])
    await site.run('queue', 'release', '--all')

    const daemon = (await connectPublic(site.spool))!
    assert.equal(await daemon.ask('queue.flush', { site: 'far.example' }), { flushed: 1, missing: [] })
    assert.equal(await daemon.ask('queue.flush', { id: 'NOSUCH' }), { flushed: 0, missing: ['NOSUCH'] })
    assert.equal(await daemon.ask('queue.flush', {}), { flushed: 2, missing: [] })
    for (const verb of ['queue.show', 'queue.export', 'queue.admin', 'stop', 'status', 'toString', 'x'] as const) {
      const { exit, message } = await failure(daemon.ask(verb as 'ping', {}))
      assert.equal([exit, message], [64, `this daemon does not know "${verb}" here`])
    }
    for (const bad of [{ id: 5 }, { site: ['a'] }, { site: 'x'.repeat(300) }])
      assert.is((await failure(daemon.ask('queue.flush', bad as object))).exit, 64)
    await site.run('stop')
    assert.not(existsSync(publicPath(site.spool)))
    assert.is(await connectPublic(site.spool), undefined)
  }),
)

test(
  'what is no request ends that connection alone',
  onSite(async (site) => {
    await site.little({})
    await site.run('start')
    for (const junk of ['hello\n', 'null\n', '{}\n', 'x'.repeat(100_000)]) {
      const socket = connect(publicPath(site.spool))
      socket.on('error', () => undefined)
      socket.end(junk)
      socket.resume()
      await new Promise((r) => socket.once('close', r))
    }
    assert.equal(await mailq(site), [])
  }),
)

test('the client loads nothing but itself and Node', async () => {
  const seen = new Set<string>()
  const strangers: string[] = []
  const follow = async (file: string): Promise<void> => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, name] of (await readFile(file, 'utf8')).matchAll(/(?:from |import\()["']([^"']+)["']/g))
      if (name!.startsWith('.')) await follow(path.resolve(path.dirname(file), name!))
      else if (!name!.startsWith('node:')) strangers.push(`${path.basename(file)}: ${name}`)
  }
  await follow(fileURLToPath(import.meta.resolve('@postern/cli/client')))
  assert.equal(strangers, [])
  assert.ok(seen.size > 3)
})

test.run()
