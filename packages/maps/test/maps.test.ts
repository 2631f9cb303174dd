import { absent, failed, found } from '@postern/core'
import type { Call, Lookup, Table } from '@postern/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { firstOf } from '@postern/maps'

const table = (entries: Record<string, string>, more: { pattern?: boolean; late?: boolean } = {}) => {
  const asked: string[] = []
  const like: Table = {
    name: 'test:',
    pattern: more.pattern ?? false,
    get(key) {
      asked.push(key)
      const value = entries[key]
      const answer: Lookup = value === '!' ? failed('away') : value === undefined ? absent() : found(value)
      return more.late ? Promise.resolve(answer) : answer
    },
  }
  return { like, asked }
}
const KEYS = ['u+x@d', 'u@d', '@d']
const CASES: [title: string, entries: Record<string, string>[], result: string][] = [
  ['the first key', [{ 'u+x@d': 'a', '@d': 'b' }], 'a by u+x@d'],
  ['a specific key in a later table', [{ '@d': 'b' }, { 'u@d': 'a' }], 'a by u@d'],
  ['one key in two tables', [{ 'u@d': 'a' }, { 'u@d': 'b' }], 'a by u@d'],
  ['none', [{ other: 'a' }, {}], 'absent'],
  ['a failure ends the search', [{ 'u+x@d': '!' }, { 'u+x@d': 'a' }], 'failed'],
  ['what is found before a failure counts', [{ 'u+x@d': 'a', 'u@d': '!' }], 'a by u+x@d'],
]
for (const late of [false, true])
  for (const [title, entries, result] of CASES)
    test(`${title}${late ? ', in time' : ', at once'}`, async () => {
      const answer = firstOf(
        entries.map((e) => table(e, { late }).like),
        KEYS,
        {} as Call,
      )
      assert.is(answer instanceof Promise, late)
      const a = await answer
      assert.is(a.kind === 'found' ? `${a.value} by ${a.key}` : a.kind, result)
    })
test('a table of patterns is asked for the whole only', async () => {
  const patterns = table({ '@d': 'a' }, { pattern: true })
  const plain = table({ '@d': 'b' })
  assert.equal(await firstOf([patterns.like, plain.like], KEYS, {} as Call), { kind: 'found', value: 'b', key: '@d' })
  assert.equal(patterns.asked, ['u+x@d'])
  assert.equal(plain.asked, KEYS)
})
test.run()
