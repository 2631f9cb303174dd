import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Results } from '@postern/lookup-kit'

function answer(values: string[], format = '%s', limit = 0) {
  const results = new Results('a@b.example', format, limit)
  for (const value of values) results.add(value)
  return results.answer
}
test('several values are one, empty ones are none', () => {
  assert.equal(answer(['x', '', 'y']), { kind: 'found', value: 'x,y' })
  assert.equal(answer(['', '']), { kind: 'absent' })
  assert.equal(answer(['x@c.example', 'bare'], '%d'), { kind: 'found', value: 'c.example' })
})
test('more than the limit is a failure', () => {
  assert.is(answer(['x', 'y'], '%s', 2).kind, 'found')
  assert.is(answer(['x', 'y', 'z'], '%s', 2).kind, 'failed')
})
test('a query without a condition does not fill the memory', () => {
  assert.match(
    JSON.stringify(answer(Array<string>(20).fill('x'.repeat(1_000_000)))),
    /failed.*more than 16777216 characters/,
  )
})
test.run()
