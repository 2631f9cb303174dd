import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { onSite, until } from './support/command.ts'
import { filled, lines, rows, subjects } from './support/filled.ts'

test(
  'filters choose what is listed, held, released and deleted',
  onSite(async (site) => {
    await filled(site, {
      old: { sender: 'a@one.example', to: ['x@away.example'], hours: 5, held: 'was held' },
      young: { sender: 'b@one.example', to: ['y@away.example', 'z@other.example'], held: 'was held' },
      bounce: { sender: '', to: ['b@one.example'], hours: 30, held: 'was held' },
    })
    assert.equal(await subjects(site), ['bounce', 'old', 'young'])
    assert.equal(await subjects(site, '--older', '2h'), ['bounce', 'old'])
    assert.equal(await subjects(site, '--newer', '1d', '--domain', 'away.example'), ['old', 'young'])
    assert.is((await site.run('queue', 'list', '--sender', 'c@x')).out, 'no message in the queue is like that\n')
    assert.match((await site.run('queue', 'list', '--limit', '1')).out, /\n1 message, \d+ B; there are more\n$/)
    assert.is((await rows(site, '--limit', '2')).length, 2)

    assert.is((await site.run('queue', 'release', '--sender', '@one.example')).out, '2 messages released\n')
    await until('both were tried', async () => (await subjects(site, '--state', 'deferred')).length === 2)
    assert.equal(await subjects(site, '--state', 'held'), ['bounce'])
    const [deleted] = lines((await site.run('queue', 'delete', '--recipient', 'z@other.example', '--json')).out)
    assert.equal([deleted.action, typeof deleted.id], ['delete', 'string'])
    assert.equal(await subjects(site), ['bounce', 'old'])

    for (const [args, said] of [
      [['hold'], /name the messages to hold, or choose them with --domain/],
      [['hold', 'X', '--all'], /exclude each other/],
      [['hold', '--older', 'soon'], /--older soon: expected a duration like 30m/],
      [['list', '--state', 'late'], /Allowed (choices )?are active, deferred, held/],
      [['list', '--limit', '0'], /Expected a number from 1 on/],
    ] as const) {
      const { code, err } = await site.run('queue', ...args)
      assert.is(code, 64)
      assert.match(err, said)
    }
  }),
)

/** more than are acted on at once */
const MANY = 105

test(
  'what cannot be taken back is asked about when it is much, and done when it is meant',
  onSite(async (site) => {
    const many = Object.fromEntries(Array.from({ length: MANY }, (_, i) => [`m${i}`, { held: 'x' }]))
    await filled(site, many)
    const { code, err, out } = await site.run('queue', 'delete', '--all')
    assert.equal([code, out], [64, ''])
    assert.match(err, /^postern: this would delete 105 messages, [\d.]+ kB: say --yes if that is meant\n$/)
    assert.is((await rows(site)).length, MANY)
    const requeued = (await site.run('queue', 'requeue', '--all')).out.trim().split('\n')
    assert.is(requeued.length, MANY)
    const id = / as (\w+)$/.exec(requeued[0]!)![1]!
    assert.is((await site.run('queue', 'delete', id)).out, `${id} deleted\n`)
    assert.is((await site.run('queue', 'delete', '--all', '--yes')).out, `${MANY - 1} messages deleted\n`)
    assert.is((await site.run('queue', 'delete', '--all')).out, 'no message in the queue is like that\n')
  }),
)

test.run()
