/** Windows as SCHEDULER_README describes them: what a row of good (+) and failed (-) deliveries makes of one. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Window, parseFeedback } from '../../dist/flow/window.js'
import type { WindowRules } from '../../dist/flow/window.js'

const rules = (more: Partial<WindowRules> = {}): WindowRules => ({
  initial: 5,
  limit: 20,
  positive: parseFeedback('1'),
  negative: parseFeedback('1'),
  failedCohortLimit: 1,
  ...more,
})
const ROWS: [string, string, Partial<WindowRules>, (number | 'dead')[]][] = [
  ['grows by one a success', '+++', {}, [6, 7, 8]],
  ['up to its limit', '++++', { limit: 7 }, [6, 7, 7, 7]],
  ['starts at its limit when that is lower', '+', { limit: 3 }, [3]],
  ['shrinks by one a failure; a window full of them is death', '----', {}, [4, 3, 2, 'dead']],
  ['a success ends the row of failures', '--+---', {}, [4, 3, 4, 3, 2, 'dead']],
  ['half a step does not move it, the next one does', '++++', { positive: parseFeedback('0.5') }, [5, 6, 6, 7]],
  ['a fifth of a step a success', '+++++', { positive: parseFeedback('1/concurrency') }, [5, 5, 5, 5, 6]],
  ['never below one', '-----', { failedCohortLimit: 0 }, [4, 3, 2, 1, 1]],
  ['two cohorts', '----', { failedCohortLimit: 2, initial: 2 }, [1, 1, 'dead', 'dead']],
  ['feedback of 0 leaves it alone', '+-+', { positive: parseFeedback('0'), negative: parseFeedback('0') }, [5, 5, 5]],
]
for (const [name, row, more, expected] of ROWS)
  test(name, () => {
    const window = new Window(rules(more))
    const got = [...row].map((c) => {
      if (c === '-') return window.failed() ? 'dead' : window.size
      window.succeeded(window.size)
      return window.size
    })
    assert.equal(got, expected)
  })
test('a window that nobody fills does not grow', () => {
  const window = new Window(rules())
  for (let i = 0; i < 10; i++) window.succeeded(1)
  assert.is(window.size, 6)
})
for (const [text, expected] of [
  ['1', { step: 1, by: 'nothing' }],
  ['0.5 / concurrency', { step: 0.5, by: 'concurrency' }],
  ['1/sqrt_concurrency', { step: 1, by: 'sqrt_concurrency' }],
] as const)
  test(`feedback ${text}`, () => assert.equal(parseFeedback(text), expected))
test.run()
