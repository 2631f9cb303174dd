import { fakeClock } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refused, Servers } from '@postern/lookup-kit'

function pool(...dead: string[]) {
  const clock = fakeClock()
  const told: string[] = []
  const asked: string[] = []
  const servers = new Servers([['one', 'one'] as const, ['two', 'two'] as const], {
    clock,
    first: () => 0,
    lost: (server, error) => told.push(`${server} lost: ${error.message}`),
    back: (server) => told.push(`${server} back`),
  })
  const down = new Set(dead)
  const ask = () =>
    servers.ask(async (server) => {
      asked.push(server)
      if (down.has(server)) throw new Error(`${server} is down`)
      return server
    })
  return { clock, told, asked, servers, down, ask }
}
const failure = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: Error) => error.message,
  )

test('the next one answers, and the dead one rests for a minute', async () => {
  const p = pool('one')
  assert.is(await p.ask(), 'two')
  assert.is(await p.ask(), 'two')
  assert.equal(p.asked, ['one', 'two', 'two'])
  p.down.clear()
  p.clock.advance(61_000)
  assert.is(await p.ask(), 'one')
  assert.equal(p.told, ['one lost: one is down', 'one back'])
})
test('one that rests is asked when there is no other, once a second', async () => {
  const p = pool('one', 'two')
  assert.is(await failure(p.ask()), 'two is down')
  assert.is(await failure(p.ask()), 'two is down')
  assert.is(p.asked.length, 2)
  p.down.clear()
  p.clock.advance(1000)
  assert.is(await p.ask(), 'one')
})
test('a refusal is the same everywhere', async () => {
  const p = pool()
  let asked = 0
  const refused = p.servers.ask(async () => {
    asked++
    throw new Refused('no such table')
  })
  assert.is(await failure(refused), 'no such table')
  assert.is(asked, 1)
  assert.equal(p.told, [])
})
test("an abort is nobody's fault", async () => {
  const p = pool()
  const abort = new AbortController()
  const work = p.servers.ask(async () => {
    abort.abort(new Error('gone'))
    throw new Error('cut off')
  }, abort.signal)
  assert.is(await failure(work), 'cut off')
  assert.equal(p.told, [])
})
test.run()
