import { setImmediate as immediate } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Turn } from '@postern/turn'

const turns = () => {
  const turn = new Turn()
  const order: string[] = []
  return { turn, order, note: (what: string) => () => void order.push(what) }
}

test('all is read before anything is written, in the order it was asked for', async () => {
  const { turn, order, note } = turns()
  turn.write(note('w1'))
  turn.read(note('r1'))
  turn.write(note('w2'))
  turn.read(note('r2'))
  assert.equal(order, [])
  await immediate()
  assert.equal(order, ['r1', 'r2', 'w1', 'w2'])
})
test('what reading has to say, at once or by a promise, is written in the same turn', async () => {
  const { turn, order, note } = turns()
  turn.read(() => {
    turn.write(note('at once'))
    void Promise.resolve()
      .then(() => undefined)
      .then(() => turn.write(note('promised')))
  })
  await immediate()
  assert.equal(order, ['at once', 'promised'])
})
test('what is asked for while it is written is done in the next turn', async () => {
  const { turn, order, note } = turns()
  turn.write(() => {
    order.push('first')
    turn.read(note('read'))
    turn.write(note('written'))
  })
  await immediate()
  assert.equal(order, ['first'])
  await immediate()
  assert.equal(order, ['first', 'read', 'written'])
})
test('what is read while it is read is, too, and nothing is done twice', async () => {
  const { turn, order, note } = turns()
  turn.read(() => {
    order.push('first')
    turn.read(note('second'))
  })
  await immediate()
  await immediate()
  await immediate()
  assert.equal(order, ['first', 'second'])
})
for (const kind of ['read', 'write'] as const)
  test(`one that throws takes nobody along: ${kind}`, async () => {
    const { turn, order, note } = turns()
    const told = new Promise((resolve) => process.once('uncaughtException', resolve))
    turn[kind](note('before'))
    turn[kind](() => {
      throw new Error('mine')
    })
    turn[kind](note('behind'))
    turn.write(note('last'))
    assert.match(String(await told), 'mine')
    await immediate()
    await immediate()
    assert.equal([...order].sort(), ['before', 'behind', 'last'])
    turn.read(note('again'))
    await immediate()
    assert.equal(order.at(-1), 'again')
  })
test('does not wait for other events', async () => {
  const { turn, order, note } = turns()
  const late = new Promise((resolve) => setTimeout(resolve, 50))
  turn.write(note('written'))
  await immediate()
  assert.equal(order, ['written'])
  await late
})

test.run()
