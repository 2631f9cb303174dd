import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { onSite, until } from './support/command.ts'
import { filled, rows } from './support/filled.ts'

test(
  'requeue gives new ids and ends; expire is on the record; the record says who and why',
  onSite(async (site) => {
    const ids = await filled(site, { one: { held: 'odd' }, two: { held: 'odd', hours: 3 } })
    const { out } = await site.run('queue', 'requeue', '--all', '--why', 'new routes')
    const moved = [...out.matchAll(/^(\w+) requeued as (\w+)$/gm)]
    assert.equal(moved.map((m) => m[1]).sort(), [...ids.values()].sort())
    const now = await rows(site)
    assert.equal(now.map((m) => m.id).sort(), moved.map((m) => m[2]).sort())
    assert.match(now[0].envelope.reason, /^\w+ requeued by \w+ \(uid \d+\): new routes$/)
    const id = now[0].id
    await until('tried', async () => (await rows(site)).every((m) => m.recipients[0].text))

    assert.is((await site.run('queue', 'expire', id, '--why', 'too old')).out, `${id} expired\n`)
    const shown = (await site.run('queue', 'show', id)).out
    assert.match(shown, /^state +\w+, expired$/m)
    assert.match(shown, /^\w+ +\d+ [\d:]+ +expire +by \w+ \(uid \d+\): too old$/m)
    assert.match(shown, /^\w+ +\d+ [\d:]+ +outcome +you@here\.example: deferred, 4\.4\.1 the other side is away$/m)
    const json = JSON.parse((await site.run('queue', 'show', id, '--json', '--body')).out)
    assert.is(json.body, 'Hello!\r\n')
    assert.equal(json.history.map((h: { kind: string }) => h.kind).filter((k: string) => k === 'expire').length, 1)
    assert.match((await site.run('queue', 'show', id, '--raw')).out, /^Subject: \w+\r\n\r\nHello!\r\n$/)
    assert.is((await site.run('queue', 'show', 'NOSUCH', '--raw')).code, 66)
  }),
)

test(
  'shape counts by age, destination and sender',
  onSite(async (site) => {
    await filled(site, {
      a: { to: ['x@here.example', 'y@here.example'], held: 'x' },
      b: { to: ['x@here.example', 'z@far.example'], hours: 1, held: 'x' },
      c: { sender: '', hours: 48 },
    })
    await until('tried', async () => (await rows(site, '--state', 'deferred')).length === 1)
    const rowsOf = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((l) => l.trim().split(/ +/))
    assert.equal(rowsOf((await site.run('queue', 'shape')).out), [
      ['T', '5', '10', '20', '40', '80', '160', '320', '640', '1280', '1280+'],
      ['TOTAL', '5', '2', '0', '0', '0', '2', '0', '0', '0', '0', '1'],
      ['here.example', '4', '2', '0', '0', '0', '1', '0', '0', '0', '0', '1'],
      ['far.example', '1', '0', '0', '0', '0', '1', '0', '0', '0', '0', '0'],
    ])
    const held = JSON.parse((await site.run('queue', 'shape', '--sender', '--held', '--json', '--limit', '1')).out)
    assert.equal(held.minutes, [5, 10, 20, 40, 80, 160, 320, 640, 1280])
    assert.equal([held.total[0], held.domains], [2, [{ domain: 'here.example', counts: held.total }]])
    assert.equal(JSON.parse((await site.run('queue', 'shape', '--deferred', '--json')).out).total[0], 1)
  }),
)

test(
  'flush: one, those for a site, what is held, what is not there',
  onSite(async (site) => {
    const ids = await filled(site, { a: { to: ['x@one.example'] }, b: { to: ['y@two.example'] }, c: { held: 'x' } })
    const attempts = async (name: string) => (await rows(site)).find((m) => m.id === ids.get(name)).attempts
    await until('both were tried', async () => (await rows(site, '--state', 'deferred')).length === 2)
    assert.is((await site.run('queue', 'flush', ids.get('a')!)).out, `${ids.get('a')} is tried now\n`)
    await until('again', async () => (await attempts('a')) === 2)
    assert.is(
      (await site.run('queue', 'flush', '--site', 'TWO.example')).out,
      '1 message for TWO.example is tried now\n',
    )
    await until('again', async () => (await attempts('b')) === 2)
    assert.is(await attempts('a'), 2)
    assert.match((await site.run('queue', 'flush', ids.get('c')!)).out, / is held: release it first\n$/)
    assert.equal(JSON.parse((await site.run('queue', 'flush', '--json')).out), { flushed: 2 })
    assert.is((await site.run('queue', 'flush', 'NOSUCH')).code, 66)
  }),
)

test.run()
