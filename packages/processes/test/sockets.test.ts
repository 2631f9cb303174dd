/** All that a client sees of workers that come and go, from outside. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Client, Load } from './support/load.ts'
import { lives, onSite, until } from './support/site.ts'

test(
  'all workers killed five times under load: no client is refused, and they come back',
  onSite(async (site) => {
    await site.config()
    await site.start('--workers', '2')
    const load = new Load(site.port).start(6, 100)
    for (let i = 0; i < 5; i++) {
      const { workers } = await site.status()
      for (const w of workers) process.kill(w.pid, 'SIGKILL')
      await until(
        'new workers',
        async () => {
          const now = await site.run('status', '--json')
          if (now.code !== 0) return false
          const { workers: fresh } = JSON.parse(now.out) as { workers: typeof workers }
          return fresh.every((w) => w.state === 'running' && !workers.some((old) => old.pid === w.pid))
        },
        40_000,
      )
    }
    const tally = await load.end()
    assert.is(tally.refused, 0)
    assert.ok(tally.accepted.length > 20, String(tally.accepted.length))
    const { workers } = await site.status()
    assert.equal(
      workers.map((w) => w.restarts),
      [5, 5],
    )
    assert.match(site.log(), /"event":"worker.died","worker":\d,"pid":\d+,"cause":"killed by SIGKILL","pause":0}/)
  }),
)

test(
  'a new number of workers, and what a running graph cannot change: a new generation, no client refused',
  onSite(async (site) => {
    await site.config()
    await site.start('--workers', '2')
    const load = new Load(site.port).start(4, 100)
    for (const n of [4, 1, 2]) {
      const before = await site.status()
      assert.equal(await site.run('reload', '--workers', String(n)), {
        code: 0,
        out: `reloaded: postern.config.json, new workers: ${n}\n`,
        err: '',
      })
      await until('the old ones have ended', () => before.workers.every((w) => !lives(w.pid)))
      const { workers } = await site.status()
      assert.equal(
        workers.map((w) => [w.index, w.state]),
        Array.from({ length: n }, (_, i) => [i, 'running']),
      )
    }
    const tally = await load.end()
    assert.equal([tally.refused, tally.broken], [0, 0])
    // sessions that had not begun a message when their worker left
    for (const reply of tally.turnedAway) assert.match(reply, /^421 4\.3\.2 .*shutting down/)
    // one that cannot start: the old ones go on
    const before = await site.status()
    await site.config({ failsIn: 2 })
    const refused = await site.run('reload', '--workers', '3')
    assert.is(refused.code, 69)
    assert.match(refused.err, /worker 2 does not like it/)
    assert.equal(
      (await site.status()).workers.map((w) => w.pid),
      before.workers.map((w) => w.pid),
    )
    assert.is((await new Load(site.port).start(2).end()).accepted.length, 2)
  }),
)

test(
  'a port that the new configuration does not name is closed',
  onSite(async (site) => {
    await site.config()
    await site.start('--workers', '2')
    await site.config({}, { listen: [`127.0.0.2:${site.port}`] })
    assert.is((await site.run('reload')).code, 0)
    await until('it is refused', async () =>
      new Client(site.port).reply().then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
      ),
    )
  }),
)

test.run()
