/** The durable queue under workers: nothing that was answered 250 is lost, whatever dies. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Client, Load } from './support/load.ts'
import { lives, onSite, pause, until } from './support/site.ts'
import type { Site } from './support/site.ts'

const JOURNAL = { 'queue-journal': { segmentSize: '1M', queueMinfree: '1M' } }
const config = (site: Site, tally: object = {}, more: object = {}): Promise<void> =>
  site.config(tally, {}, { minimalBackoffTime: '300s', ...more }, JOURNAL)

/** Accepted mail that neither was delivered nor is in the queue. */
async function lost(site: Site, accepted: readonly string[]): Promise<string[]> {
  const told = new Set(await site.delivered())
  const { out } = await site.run('queue', 'list', '--json')
  const queued = out.split('\n').filter((line) => line !== '').length
  const missing = accepted.filter((subject) => !told.has(subject))
  return missing.slice(queued)
}

test(
  'workers killed under load: what was accepted is delivered',
  onSite(async (site) => {
    await config(site)
    await site.start('--workers', '2')
    const load = new Load(site.port).start(6, 150)
    for (let i = 0; i < 3; i++) {
      await pause(700)
      const { workers } = await site.status()
      const victim = workers[i % 2]!
      process.kill(victim.pid, 'SIGKILL')
      await until('a new one', async () => {
        const now = (await site.status()).workers[victim.index]!
        return now.state === 'running' && now.pid !== victim.pid
      })
    }
    const { accepted, refused } = await load.end()
    assert.is(refused, 0)
    assert.ok(accepted.length > 20, String(accepted.length))
    await site.run('queue', 'flush')
    await until('an empty queue', async () => (await site.status()).queue.messages === 0)
    const told = await site.delivered()
    assert.equal(
      accepted.filter((subject) => !told.includes(subject)),
      [],
    )
  }),
)

test(
  'the primary killed under load: the workers end, the next start goes on with their mail',
  onSite(async (site) => {
    await config(site, { takes: 50 })
    const first = await site.start('--workers', '2')
    const load = new Load(site.port).start(4, 100)
    await pause(1500)
    process.kill(first.pid, 'SIGKILL')
    const { accepted } = await load.end()
    await until('the workers have ended', () => first.workers.every((w) => !lives(w.pid)))
    await site.start('--workers', '2')
    await site.run('queue', 'flush')
    await until('an empty queue', async () => (await site.status()).queue.messages === 0)
    assert.ok(accepted.length > 10, String(accepted.length))
    assert.equal(await lost(site, accepted), [])
    const told = await site.delivered()
    assert.equal(
      accepted.filter((subject) => !told.includes(subject)),
      [],
    )
  }),
)

test(
  'restarts with other numbers of workers: every message stays in the queue, once',
  onSite(async (site) => {
    await config(site, { away: true })
    await site.start('--workers', '4')
    for (let i = 0; i < 20; i++) {
      const client = new Client(site.port)
      await client.reply()
      await client.say('HELO me')
      assert.match(await client.send(`m${i}`), /^250 /)
      client.socket.destroy()
    }
    const ids = async () => {
      const { out } = await site.run('queue', 'list', '--json')
      return out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { id: string }).id)
    }
    await until('all are deferred', async () => (await site.status()).queue.messages === 20)
    const before = await ids()
    assert.is(new Set(before).size, 20)
    assert.equal(before, [...before].sort())
    for (const n of ['1', '3', '2']) {
      assert.is((await site.run('stop')).code, 0)
      await site.start('--workers', n)
      await until(`all are there with ${n}`, async () => (await site.status()).queue.messages === 20)
      // an adopted part is told behind its new owner's
      assert.equal((await ids()).sort(), before)
    }
  }),
)

// the journal refuses a worker whose part is another process's, and for a while there are two of each number
test(
  'a new generation under load: the old one hands its mail over, none is lost and none told twice',
  onSite(async (site) => {
    await config(site, { takes: 20 })
    await site.start('--workers', '2')
    const load = new Load(site.port).start(4, 60)
    for (const n of ['4', '2']) {
      const { workers } = await site.status()
      const { code, err } = await site.run('reload', '--workers', n)
      assert.equal([code, err], [0, ''])
      await until('the old ones have ended', () => workers.every((w) => !lives(w.pid)))
    }
    const { accepted, refused, broken } = await load.end()
    assert.equal([refused, broken], [0, 0])
    // parts of workers that are no more are looked for every 30 s
    await until('an empty queue', async () => (await site.status()).queue.messages === 0, 90_000)
    await until('delivery', async () => (await site.delivered()).length >= accepted.length, 90_000)
    assert.equal((await site.delivered()).sort(), [...accepted].sort())
  }),
)

test.run()
