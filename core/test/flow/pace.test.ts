/** Clients wait for mail to leave only while the process is busy: the loop is kept so here, by turns of a millisecond. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../src/contract/clock.ts'
import { Pace } from '../../src/flow/pace.ts'

const KIB = 1024
const FULL = 4 * KIB * KIB + 1
const LONG = 60_000

/** Each turn of the event loop takes a millisecond until the returned function is called; some seconds at most, so that a failed test ends. */
function busy(): () => void {
  let on = true
  const began = performance.now()
  const turn = (): void => {
    for (const end = performance.now() + 1; performance.now() < end;);
    if (on && performance.now() - began < 5000) setImmediate(turn)
  }
  turn()
  return () => void (on = false)
}
/** Enters mail of `bytes` in messages of 64 KiB at most. */
function filled(bytes: number): Pace {
  const pace = new Pace(systemClock)
  for (let left = bytes; left > 0; left -= 64 * KIB) pace.enter(Math.min(left, 64 * KIB))
  return pace
}
const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise<void>((r) => setImmediate(r))
}
/** Names of who may go on, in that order. */
function clients(pace: Pace, names: readonly string[], longest = LONG): string[] {
  const gone: string[] = []
  for (const name of names) void pace.wait(longest)!.then(() => gone.push(name))
  return gone
}

test('nobody waits while little is in delivery, however busy the process is', async () => {
  const free = busy()
  assert.is(new Pace(systemClock).wait(LONG), undefined)
  assert.is(filled(FULL - 1).wait(LONG), undefined)
  const pace = filled(FULL)
  pace.leave(64 * KIB)
  assert.is(pace.wait(LONG), undefined)
  free()
})
test('one goes on for each message that has left, the first first', async () => {
  const free = busy()
  const pace = filled(2 * FULL)
  const gone = clients(pace, ['a', 'b', 'c'])
  await turns(20)
  assert.equal(gone, [])
  pace.leave(64 * KIB)
  await turns(3)
  assert.equal(gone, ['a'])
  pace.leave(64 * KIB)
  pace.leave(64 * KIB)
  await turns(3)
  assert.equal(gone, ['a', 'b', 'c'])
  pace.leave(64 * KIB)
  free()
})
test('who comes later waits too, though others have gone on', async () => {
  const free = busy()
  const pace = filled(2 * FULL)
  const first = clients(pace, ['a'])
  pace.leave(64 * KIB)
  await turns(5)
  const second = clients(pace, ['b'])
  await turns(20)
  assert.equal([first, second], [['a'], []])
  pace.leave(64 * KIB)
  await turns(3)
  assert.equal(second, ['b'])
  free()
})
test('nobody waits in a process that has nothing to do, whatever waits for slow next hops', async () => {
  const gone = clients(filled(2 * FULL), ['a', 'b', 'c'], LONG)
  // a machine with other work takes some turns' time
  for (let i = 0; i < 1000 && gone.length < 3; i++) await turns(1)
  assert.equal(gone, ['a', 'b', 'c'])
})
test('nobody waits longer than was said', async () => {
  const free = busy()
  const gone = clients(filled(2 * FULL), ['a', 'b'], 30)
  const began = performance.now()
  while (gone.length < 2 && performance.now() - began < 3000) await turns(1)
  assert.equal(gone, ['a', 'b'])
  assert.ok(performance.now() - began > 25)
  free()
})
test('a message counts for what it has in memory at most, and leaves with what it came with', () => {
  const pace = new Pace(systemClock)
  for (let n = 0; n < 16; n++) pace.enter(50 * KIB * KIB)
  assert.is(pace.wait(LONG), undefined)
  pace.enter(1)
  assert.ok(pace.wait(LONG))
  for (let n = 0; n < 16; n++) pace.leave(50 * KIB * KIB)
  assert.is(pace.wait(LONG), undefined)
  for (let n = 0; n < 16; n++) pace.enter(50 * KIB * KIB)
  assert.ok(pace.wait(LONG))
})
test.run()
