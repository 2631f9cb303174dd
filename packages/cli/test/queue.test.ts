import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LITTLE, onSite, until } from './support/command.ts'
import type { Site } from './support/command.ts'

const STUCK = { away: true, sends: ['you@here.example'] }
const rows = async (site: Site) =>
  (await site.run('queue', 'list', '--json')).out
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((l) => JSON.parse(l))

test(
  'queue: list, show, hold, release, delete',
  onSite(async (site) => {
    await site.little(STUCK)
    await site.run('start')
    await until('a message that was tried', async () => (await rows(site))[0]?.recipients[0].text !== undefined)
    const [{ id }] = await rows(site)
    const { out } = await site.run('queue', 'list')
    assert.match(out, /^ID +SIZE {2}ARRIVED +STATE +SENDER/)
    assert.match(out, new RegExp(`^${id} +\\d+ B .* deferred +me@here\\.example +you@here\\.example +in \\dm`, 'm'))
    assert.match(out, /\(4\.4\.1 the other side is\n? +away\)/)
    assert.match(out, /^1 message, \d+ B$/m)

    assert.is((await site.run('queue', 'hold', id, '--why', 'looks odd')).out, `${id} held\n`)
    assert.match((await site.run('queue', 'list')).out, / held .*\n[^]*looks odd/)
    const shown = (await site.run('queue', 'show', id)).out
    assert.match(shown, /^state +held by \w+ \(uid \d+\): looks odd$/m)
    assert.match(shown, /^you@here\.example +pending +4\.4\.1 the other side is away$/m)
    assert.match(shown, /^Subject: hello$/m)
    assert.is((await site.run('queue', 'release', '--all')).out, '1 message released\n')
    await until('not held', async () => (await rows(site))[0].held === undefined)

    const partly = await site.run('queue', 'delete', id, 'NOSUCHID')
    assert.equal(partly, {
      code: 66,
      out: `${id} deleted\n`,
      err: 'postern: there is no message NOSUCHID in the queue\n',
    })
    assert.is((await site.run('queue', 'list')).out, 'the queue is empty\n')
    assert.is((await site.run('queue', 'show', id)).code, 66)
    assert.is((await site.run('queue', 'delete')).code, 64)
  }),
)

test(
  'flush tries at once what waits',
  onSite(async (site) => {
    await site.little(STUCK)
    await site.run('start')
    await until('a message that was tried', async () => (await rows(site))[0]?.attempts === 1)
    assert.is((await site.run('queue', 'flush')).out, '1 message is tried now\n')
    await until('a second attempt', async () => (await rows(site))[0].attempts === 2)
  }),
)

test(
  'the queue of a daemon that is down: from disk where the plugin can, else plainly not',
  onSite(async (site) => {
    await site.little()
    const memory = await site.run('queue', 'list')
    assert.is(memory.code, 69)
    assert.match(memory.err, /the queue of @postern\/cli can be read only by a running daemon/)
    await site.config({ plugins: ['queue-journal', { [LITTLE]: STUCK }] })
    await site.run('start')
    await until('a message that was tried', async () => (await rows(site))[0]?.attempts === 1)
    await site.run('stop')
    const disk = await site.run('queue', 'list')
    assert.match(disk.err, /no postern is running on ~\/spool: reading the queue from disk/)
    assert.match(disk.out, /you@here\.example[^]*1 message/)
  }),
)

test.run()
