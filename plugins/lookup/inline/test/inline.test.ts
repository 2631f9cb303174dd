import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import type { Lookup, OpenTable, TableType } from '@postern/core'
import plugin from '@postern/lookup-inline'

let type: TableType | undefined
plugin.definition.apply(
  { provideNamed: (_role: unknown, name: string, t: TableType) => name === 'inline' && (type = t) } as never,
  {},
  {},
)
const open = (spec: unknown) =>
  type!.open({ spec: spec as string, where: 'test', folder: '/' }, {} as never) as OpenTable
const get = (t: OpenTable, key: string) => t.get(key, {} as never) as Lookup

/** definition, its entries */
const good: [unknown, Record<string, string>][] = [
  ['{a=b}', { a: 'b' }],
  [' { a=b, c=d e=f } ', { a: 'b', c: 'd', e: 'f' }],
  ['{ {key = value}, {k2 = v2} }', { key: 'value', k2: 'v2' }],
  ['{ { Key = a, b  c } { k2 = {x} } }', { key: 'a, b  c', k2: '{x}' }],
  ['{a=b=c}', { a: 'b=c' }],
  ['{a=1, A=2}', { a: '2' }],
  ['{ { a = } }', { a: '' }],
  ['{\n {a = b}\n\t{c = d}\n}', { a: 'b', c: 'd' }],
  ['{__proto__=x}', { __proto__x: '' }],
  [{ map: { Key: 'value', n: 5000, t: true } }, { key: 'value', n: '5000', t: 'true' }],
]
for (const [spec, entries] of good) {
  test(`good: ${JSON.stringify(spec)}`, () => {
    const t = open(spec)
    assert.is(t.check?.(), undefined)
    if ('__proto__x' in entries) return assert.equal([get(t, '__proto__'), get(t, 'toString')], [found('x'), absent()])
    for (const [key, value] of Object.entries(entries)) {
      assert.equal(get(t, key), found(value))
      assert.equal(get(t, key.toUpperCase()), found(value))
    }
    assert.equal(get(t, 'none'), absent())
  })
}

/** definition, what is said about it */
const bad: [unknown, RegExp][] = [
  ['', /^bad syntax/],
  ['a=b', /^bad syntax: "inline:a=b"; need "inline:/],
  ['{a=b', /^bad syntax/],
  ['{a=b} x', /^bad syntax/],
  ['{}', /^empty table/],
  ['{ , }', /^empty table/],
  ['{ab}', /^missing "="/],
  ['{=b}', /^missing key/],
  ['{ {a = b}c }', /^syntax error after "}"/],
  ['{ {ab} }', /^missing "="/],
  ['{ a = b }', /^missing "="/],
  [{}, /^no "map"/],
  [{ map: [] }, /^no "map"/],
  [{ map: null }, /^no "map"/],
  [{ map: { '': 'x' } }, /^an empty key/],
  [{ map: { a: ['x'] } }, /^the value of "a" is not text/],
  [{ map: { a: 'b' }, other: 1 }, /^unknown property "other"/],
]
for (const [spec, problem] of bad) {
  test(`bad: ${JSON.stringify(spec)}`, () => {
    const t = open(spec)
    const said = t.check!() as string
    assert.match(said, problem)
    assert.equal(get(t, 'a'), { kind: 'failed', why: 'misconfigured', cause: said })
  })
}

test.run()
