import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Ledger } from '../src/ledger.ts'

test('a counter lives for one window from its first count', () => {
  const ledger = new Ledger()
  assert.equal(
    [0, 60, 99, 100, 150].map((at) => ledger.count('k', 1, 100, at)),
    [1, 2, 3, 1, 2],
  )
  assert.is(ledger.count('other', 5, 100, 150), 5)
})

test('places are given up to the limit, and come back', () => {
  const ledger = new Ledger()
  const [a, b] = [{}, {}]
  assert.is(ledger.lease(a, 1, 'k', 3, 5), 3)
  assert.is(ledger.lease(b, 1, 'k', 3, 5), 2)
  assert.is(ledger.lease(b, 2, 'k', 1, 5), 0)
  ledger.free(a, 1)
  ledger.free(a, 1)
  assert.is(ledger.lease(b, 3, 'k', 9, 5), 3)
})

test('what a worker holds is freed at its end, and nothing else', () => {
  const ledger = new Ledger()
  const [a, b] = [{}, {}]
  ledger.lease(a, 1, 'k', 2, 5)
  ledger.lease(a, 2, 'other', 2, 2)
  ledger.lease(b, 1, 'k', 3, 5)
  ledger.gone(a)
  assert.is(ledger.lease(b, 2, 'k', 5, 5), 2)
  assert.is(ledger.lease(b, 3, 'other', 5, 2), 2)
})

test.run()
