import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import type { Lookup, OpenTable, TableType } from '@postern/core'
import plugin from '@postern/lookup-static'

let type: TableType | undefined
plugin.definition.apply(
  { provideNamed: (_role: unknown, name: string, t: TableType) => name === 'static' && (type = t) } as never,
  {},
  {},
)
const open = (spec: unknown) =>
  type!.open({ spec: spec as string, where: 'test', folder: '/' }, {} as never) as OpenTable
const get = (t: OpenTable, key: string) => t.get(key, {} as never) as Lookup

/** definition, the value; undefined: a bad one */
const cases: [unknown, string | undefined][] = [
  ['5000', '5000'],
  ['Text, as it stands ', 'Text, as it stands '],
  ['{ a, b c }', 'a, b c'],
  ['a:b', 'a:b'],
  [{ value: 'x' }, 'x'],
  [{ value: 5000 }, '5000'],
  ['', undefined],
  ['{ }', undefined],
  [{}, undefined],
  [{ value: '' }, undefined],
  [{ value: ['x'] }, undefined],
  [{ value: 'x', other: 1 }, undefined],
]
for (const [spec, value] of cases) {
  test(JSON.stringify(spec), () => {
    const t = open(spec)
    if (value !== undefined) {
      assert.equal(
        [get(t, 'a'), get(t, 'B'), get(t, ''), t.check?.()],
        [found(value), found(value), absent(), undefined],
      )
    } else {
      const problem = t.check!()
      assert.type(problem, 'string')
      assert.equal(get(t, 'a'), { kind: 'failed', why: 'misconfigured', cause: problem })
    }
  })
}

test.run()
