import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Ending } from '@postern/lookup-kit'

test('tells each listener once, with the first reason', () => {
  const ending = new Ending()
  const told: string[] = []
  ending.listen((reason) => told.push(`a ${reason.message}`))
  ending.listen((reason) => told.push(`b ${reason.message}`))()
  assert.is(ending.aborted, false)
  ending.throwIfAborted()
  ending.abort(new Error('one'))
  ending.abort(new Error('two'))
  assert.equal(told, ['a one'])
  assert.is(ending.reason?.message, 'one')
  assert.throws(() => ending.throwIfAborted(), 'one')
})
test('who listens too late is told at once', () => {
  const ending = new Ending()
  ending.abort(new Error('over'))
  let told = ''
  ending.listen((reason) => (told = reason.message))()
  assert.is(told, 'over')
})
test('a signal says the same, whenever it is asked for', () => {
  const [early, late] = [new Ending(), new Ending()]
  const { signal } = early
  early.abort(new Error('x'))
  late.abort(new Error('y'))
  assert.is(signal, early.signal)
  assert.is((signal.reason as Error).message, 'x')
  assert.is((late.signal.reason as Error).message, 'y')
})
test.run()
