import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fakeCall, fakeClock } from '@postern/testkit'

test('timers run in the order of their time, not of their making', () => {
  const clock = fakeClock(1000)
  const seen: string[] = []
  clock.after(30, () => seen.push(`c${clock.now()}`))
  clock.after(10, () => seen.push(`a${clock.now()}`))
  clock.after(10, () => seen.push(`b${clock.now()}`))
  clock.after(50, () => seen.push('d'))
  clock.advance(49)
  assert.equal(seen, ['a1010', 'b1010', 'c1030'])
  assert.is(clock.now(), 1049)
  clock.advance(1)
  assert.is(seen.at(-1), 'd')
})

test('a timer that arms itself again runs as often as it is due', () => {
  const clock = fakeClock(0)
  const at: number[] = []
  const tick = () => {
    at.push(clock.now())
    clock.after(100, tick)
  }
  clock.after(100, tick)
  clock.advance(350)
  assert.equal(at, [100, 200, 300])
  assert.is(clock.pending, 1)
})

test('a cancelled timer does not run', () => {
  const clock = fakeClock()
  let ran = false
  clock.after(5, () => (ran = true)).cancel()
  clock.advance(10)
  assert.not.ok(ran)
  assert.is(clock.pending, 0)
})

test("a call's signal is made when first asked for, and abort carries the reason", () => {
  const call = fakeCall({ clock: fakeClock(5) })
  assert.is(call.signalMade, false)
  assert.is(call.deadline, 600_005)
  call.log.info('nobody hears this')
  assert.is(call.log.enabled('error'), false)
  const { signal } = call
  call.abort(new Error('gone'))
  assert.is(signal.aborted, true)
  assert.is((signal.reason as Error).message, 'gone')
})

test('what is overridden stays', () => {
  const trace = () => undefined
  const call = fakeCall({ dry: true, trace, deadline: 7 })
  assert.equal([call.dry, call.trace, call.deadline], [true, trace, 7])
})

test.run()
