import { fakeClock } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Ending, Pool, Refused } from '@postern/lookup-kit'

interface Connection {
  readonly id: number
  open: boolean
}
function rig(size: number, room = 100) {
  const clock = fakeClock()
  const made: Connection[] = []
  let hang = false
  const live = () => made.filter((c) => c.open).length
  const pool = new Pool<Connection>({
    size,
    idle: 60_000,
    clock,
    connect: (signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
        if (hang) return
        setImmediate(() => {
          if (live() >= room) return reject(new Error('full'))
          const connection = { id: made.length, open: true }
          made.push(connection)
          resolve(connection)
        })
      }),
    destroy: (connection) => (connection.open = false),
    full: (error) => error.message === 'full',
  })
  const use = <R>(work: (c: Connection) => Promise<R>, stop = new Ending()) => pool.use(work, stop)
  return { pool, clock, made, live, use, hang: (yes: boolean) => (hang = yes) }
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const id = async (c: Connection) => (await turn(), c.id)
const rejection = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: Error) => error.message,
  )

test('as many connections as are needed, not more than allowed', async () => {
  const r = rig(3)
  assert.equal(await Promise.all([r.use(id), r.use(id)]), [0, 1])
  await Promise.all(Array.from({ length: 50 }, () => r.use(id)))
  assert.is(r.made.length, 3)
  assert.is(r.pool.open, 3)
})
test('one that failed is not lent again, one that refused is', async () => {
  const r = rig(1)
  assert.is(await rejection(r.use(() => Promise.reject(new Error('broken')))), 'broken')
  assert.is(r.live(), 0)
  assert.is(await rejection(r.use(() => Promise.reject(new Refused('no such table')))), 'no such table')
  assert.is(await r.use(id), 1)
})
test('what was closed meanwhile is opened again, once, with the others of its age', async () => {
  const r = rig(2)
  await Promise.all([r.use(id), r.use(id)])
  const old = r.made.slice()
  const work = (c: Connection) => (old.includes(c) ? Promise.reject(new Error('closed')) : id(c))
  assert.is(await r.use(work), 2)
  assert.is(r.live(), 1)
  let tries = 0
  assert.is(await rejection(r.use(() => Promise.reject(new Error(`try ${++tries}`)))), 'try 2')
})
test('an idle one is closed after its time', async () => {
  const r = rig(2)
  await r.use(id)
  r.clock.advance(59_000)
  await r.use(id)
  r.clock.advance(59_000)
  assert.is(r.live(), 1)
  r.clock.advance(2_000)
  assert.is(r.live(), 0)
})
test('one that ended by itself is forgotten', async () => {
  const r = rig(1)
  await r.use(id)
  r.pool.gone(r.made[0]!)
  assert.is(r.pool.open, 0)
  assert.is(await r.use(id), 1)
})
test('a server that is full: ours are waited for', async () => {
  const r = rig(8, 2)
  const ids = await Promise.all(Array.from({ length: 20 }, () => r.use(id)))
  assert.equal([...new Set(ids)].sort(), [0, 1])
  const none = rig(8, 0)
  const all = await Promise.all(Array.from({ length: 5 }, () => rejection(none.use(id))))
  assert.equal(all, Array(5).fill('full'))
})
test('an end while waiting, while connecting, while working', async () => {
  const r = rig(1)
  const [working, waiting] = [new Ending(), new Ending()]
  const one = rejection(r.use(() => new Promise(() => undefined), working))
  await turn()
  await turn()
  const two = rejection(r.use(id, waiting))
  const three = r.use(id)
  waiting.abort(new Error('gone two'))
  assert.is(await two, 'gone two')
  working.abort(new Error('gone one'))
  assert.is(await one, 'gone one')
  assert.is(r.made[0]!.open, false)
  assert.is(await three, 1)
  r.pool.gone(r.made[1]!)
  r.hang(true)
  const connecting = new Ending()
  const four = rejection(r.use(id, connecting))
  const five = r.use(id)
  r.hang(false)
  connecting.abort(new Error('gone four'))
  assert.is(await four, 'gone four')
  assert.is(await five, 2, 'the end of another one is not the answer')
})
test('close ends all', async () => {
  const r = rig(2)
  await r.use(id)
  const working = rejection(r.use(() => new Promise(() => undefined)))
  await turn()
  r.hang(true)
  const connecting = rejection(r.use(id))
  const waiting = rejection(r.use(id))
  r.pool.close()
  assert.equal(
    await Promise.all([working, connecting, waiting, rejection(r.use(id))]),
    Array(4).fill('the table was closed'),
  )
  assert.is(r.live(), 0)
})
test.run()
