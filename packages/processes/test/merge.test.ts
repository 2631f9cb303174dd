import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { merge } from '../src/merge.ts'

async function* source(rows: string, read: { n: number } = { n: 0 }): AsyncGenerator<string> {
  for (const row of rows) {
    read.n++
    yield row
  }
}
const all = async (...rows: string[]): Promise<string> => {
  let out = ''
  for await (const row of merge(
    rows.map((r) => source(r)),
    (r) => r,
  ))
    out += row
  return out
}

test('in order, whatever the sources hold', async () => {
  for (const [sources, merged] of [
    [[], ''],
    [['', ''], ''],
    [['adg', 'beh', 'cf'], 'abcdefgh'],
    [['', 'ab', ''], 'ab'],
    [['aab', 'ab'], 'aaabb'],
  ] as [string[], string][])
    assert.is(await all(...sources), merged)
})

test('no more is read than was asked for', async () => {
  const read = { n: 0 }
  for await (const row of merge([source('abcdefgh', read), source('xyz')], (r) => r)) if (row === 'c') break
  assert.ok(read.n <= 4, String(read.n))
})

test('a source that fails fails the merge', async () => {
  async function* bad(): AsyncGenerator<string> {
    yield 'a'
    throw new Error('gone')
  }
  let out = ''
  try {
    for await (const row of merge([bad(), source('bc')], (r) => r)) out += row
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'gone')
  }
  assert.is(out, 'a')
})

test.run()
