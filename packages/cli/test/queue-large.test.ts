/** Listings of a queue that is larger than what may be in memory. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import path from 'node:path'
import { LITTLE, QUEUE, collect, endOf, onSite, until } from './support/command.ts'
import type { Site } from './support/command.ts'

const MESSAGES = 20_000
const started = async (site: Site, made = MESSAGES) => {
  await site.config({ plugins: [{ [QUEUE]: { made } }, { [LITTLE]: {} }] })
  await site.run('start')
}
const cursor = async (site: Site) => {
  const { queue } = JSON.parse((await site.run('status', '--json')).out)
  const [, open, at] = /^(\d+) cursors open, the last one at (\d+)$/.exec(queue.problems[0])!
  return { open: Number(open), at: Number(at) }
}
const asking = async (site: Site, args: object): Promise<Socket> => {
  const socket = connect(path.join(site.spool, 'control'))
  socket.pause()
  await new Promise<void>((r) => socket.once('connect', () => r()))
  socket.write(JSON.stringify({ verb: 'queue.list', arguments: args }) + '\n')
  return socket
}

test(
  '40 MB of listing through a command that may have 24 MB of heap',
  onSite(async (site) => {
    await started(site)
    for (const args of [['--json'], []]) {
      const child = site.spawnWith({ NODE_OPTIONS: '--max-old-space-size=24' }, 'queue', 'list', ...args)
      let n = 0
      child.stdout!.on('data', (d: Buffer) => (n += d.toString('latin1').split('MADE').length - 1))
      assert.is(await endOf(child), 0)
      // an id may lie across two chunks
      assert.ok(n > MESSAGES - 100 && n <= MESSAGES, `${n} messages`)
    }
    const shape = JSON.parse((await site.run('queue', 'shape', '--json')).out)
    assert.equal([shape.total[0], shape.domains.length], [MESSAGES, 10])
  }),
)

test(
  'a reader that does not read stops the cursor; one that goes ends it',
  onSite(async (site) => {
    await started(site)
    const slow = await asking(site, {})
    await until('the cursor stands', async () => (await cursor(site)).at > 0)
    const { at } = await cursor(site)
    assert.ok(at < MESSAGES / 10, `the daemon is ${at} messages ahead of its reader`)
    assert.equal(await cursor(site), { open: 1, at })
    slow.destroy()
    await until('the cursor is closed', async () => (await cursor(site)).open === 0)
  }),
)

test(
  'a search that finds nothing ends with its reader, and lets others in meanwhile',
  onSite(async (site) => {
    await started(site, 1e9)
    const socket = await asking(site, { query: { sender: 'nobody@at.all' } })
    await until('it searches', async () => (await cursor(site)).open === 1)
    socket.destroy()
    await until('it has given up', async () => (await cursor(site)).open === 0)
  }),
)

test(
  'a reader that has seen enough is no error',
  onSite(async (site) => {
    await started(site)
    const child = site.spawn('queue', 'list', '--json')
    const output = collect(child)
    child.stdout!.once('data', () => child.stdout!.destroy())
    assert.equal([await endOf(child), output.err], [0, ''])
    await until('the cursor is closed', async () => (await cursor(site)).open === 0)
  }),
)

test(
  'a daemon that stops in the middle: what came is printed, and that it is not all is said',
  onSite(async (site) => {
    await started(site)
    const child = site.spawn('queue', 'list', '--json')
    child.stdout!.once('data', () => child.stdout!.pause())
    await until('the cursor stands', async () => (await cursor(site)).at > 0)
    const pending = await cursor(site)
    assert.ok(pending.at < MESSAGES)
    await site.run('stop', '--now')
    const output = collect(child)
    child.stdout!.resume()
    assert.is(await endOf(child), 69)
    assert.match(output.err, /^postern: the daemon (ended before it had answered|has gone|is stopped)/)
    assert.ok(output.out.split('\n').length < MESSAGES)
  }),
)

test.run()
