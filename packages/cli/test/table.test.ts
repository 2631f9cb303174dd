import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { table } from '../src/text/table.ts'
import { bytes, span } from '../src/text/units.ts'
import { wrap } from '../src/text/wrap.ts'

const COLUMNS = [{ head: 'NAME' }, { head: 'N', align: 'right' as const }, { head: 'TEXT' }]
const TABLES: [string, number, string[][], string[]][] = [
  ['no rows: the head', 40, [], ['NAME  N  TEXT']],
  [
    'as wide as need be',
    40,
    [
      ['a', '1', 'short'],
      ['longer', '10', ''],
    ],
    ['NAME     N  TEXT', 'a        1  short', 'longer  10'],
  ],
  [
    'the widest column gives way',
    26,
    [['name', '1', 'many words that do not fit in here']],
    ['NAME  N  TEXT', 'name  1  many words that', '         do not fit in', '         here'],
  ],
  ['lines of a cell', 40, [['a\nb', '1', 'x']], ['NAME  N  TEXT', 'a     1  x', 'b']],
]
for (const [name, width, rows, lines] of TABLES)
  test(`table: ${name}`, () => {
    assert.equal(table(COLUMNS, rows, width), lines)
  })

const WRAPS: [string, number, string[]][] = [
  ['', 10, ['']],
  ['at spaces here', 9, ['at spaces', 'here']],
  ['user@a-long-name.example', 10, ['user@a-', 'long-name.', 'example']],
  ['xxxxxxxxxxxxxxx', 10, ['xxxxxxxxxx', 'xxxxx']],
  ['evil\x1b[2Jtext\x9b', 40, ['evil\\x1b[2Jtext\\x9b']],
]
for (const [text, width, lines] of WRAPS)
  test(`wrap: ${JSON.stringify(text)}`, () => {
    assert.equal(wrap(text, width), lines)
  })

const UNITS: [string, string][] = [
  [bytes(0), '0 B'],
  [bytes(999), '999 B'],
  [bytes(1234), '1.2 kB'],
  [bytes(999_700), '1.0 MB'],
  [bytes(52_000_000), '52 MB'],
  [span(400), '0s'],
  [span(59_000), '59s'],
  [span(300_000), '5m'],
  [span(3_900_000), '1h 5m'],
  [span(90_000_000), '1d 1h'],
]
for (const [is, expected] of UNITS)
  test(`unit: ${expected}`, () => {
    assert.is(is, expected)
  })

test.run()
