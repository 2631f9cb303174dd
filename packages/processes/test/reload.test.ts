/** Reloads and the queue of several workers, from outside. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Client } from './support/load.ts'
import { onSite, until } from './support/site.ts'
import type { Site } from './support/site.ts'

const accepts = async (site: Site, domain: string): Promise<boolean> => {
  const { out, err } = await site.run('explain', '--running', '--to', `you@${domain}`, '--json')
  assert.is(err, '')
  return (JSON.parse(out) as { accepted: boolean }).accepted
}
/** Sessions until each of the workers has said what it accepts. */
async function saidByAll(site: Site, rcpt: string, workers: number): Promise<Set<string>> {
  const said = new Map<number, string>()
  for (let i = 0; i < 60 && said.size < workers; i++) {
    const client = new Client(site.port)
    await client.reply()
    await client.say('HELO me')
    await client.say('MAIL FROM:<>')
    const reply = await client.say(`RCPT TO:<${rcpt}>`)
    const busy = (await site.status()).workers.filter((w) => w.sessions > 0)
    for (const w of busy) said.set(w.pid, reply.slice(0, 3))
    client.socket.destroy()
    await until('no sessions', async () => (await site.status()).sessions === 0)
  }
  assert.is(said.size, workers, 'every worker was spoken to')
  return new Set(said.values())
}

test(
  'reload: all workers follow, or none does',
  onSite(async (site) => {
    await site.config()
    const { workers } = await site.start('--workers', '2')
    const bad = async (tally: object, code: number, err: RegExp) => {
      await site.config(tally)
      const refused = await site.run('reload')
      assert.is(refused.code, code)
      assert.match(refused.err, err)
      assert.equal(await saidByAll(site, 'b@here.example', 2), new Set(['250']))
    }
    await bad(
      { domain: 'new.example', domian: 'x' },
      78,
      /\.domian: unknown option .*\npostern: the old configuration runs on\n$/,
    )
    // it checks, but one of them cannot start it: the one that has switched goes back
    await bad({ domain: 'new.example', failsIn: 1 }, 69, /worker 1 does not like it/)

    await site.config({ domain: 'new.example' })
    assert.equal(await site.run('reload'), { code: 0, out: 'reloaded: postern.config.json\n', err: '' })
    assert.ok(await accepts(site, 'new.example'))
    assert.equal(await saidByAll(site, 'b@new.example', 2), new Set(['250']))
    assert.equal(await saidByAll(site, 'b@here.example', 2), new Set(['554']))
    const after = await site.status()
    assert.equal(
      after.workers.map((w) => w.pid),
      workers.map((w) => w.pid),
    )
  }),
)

test(
  'the queue of all workers: one listing in order, each message is found where it is',
  onSite(async (site) => {
    await site.config({ away: true })
    await site.start('--workers', '2')
    const ids: string[] = []
    for (let i = 0; i < 12; i++) {
      const client = new Client(site.port)
      await client.reply()
      await client.say('HELO me')
      ids.push(/queued as (\S+)/.exec(await client.send(`list-${i}`))![1]!)
      client.socket.destroy()
    }
    const listed = async () =>
      (await site.run('queue', 'list', '--json')).out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { id: string }).id)
    await until('all are deferred', async () => (await site.status()).queue.messages === 12)
    assert.equal(await listed(), [...ids].sort())
    assert.ok((await site.status()).workers.every((w) => w.messages > 0))
    const last = ids.at(-1)!
    assert.match((await site.run('queue', 'show', last)).out, /list-11/)
    const unknown = await site.run('queue', 'show', 'NOSUCHID')
    assert.equal([unknown.code, unknown.err], [66, 'postern: there is no message NOSUCHID in the queue\n'])
    const deleted = await site.run('queue', 'delete', ids[0]!, 'NOSUCHID', last)
    assert.is(deleted.code, 66)
    assert.is(deleted.err, 'postern: there is no message NOSUCHID in the queue\n')
    assert.equal(deleted.out.split('\n').sort(), ['', ...[ids[0]!, last].sort().map((id) => `${id} deleted`)])
    assert.equal(await listed(), ids.filter((id) => id !== last && id !== ids[0]).sort())
  }),
)

test.run()
