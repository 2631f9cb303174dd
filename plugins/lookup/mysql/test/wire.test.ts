/** The reader: where the stream is cut does not matter, and nothing that is said makes it throw or answer twice. */
import { random } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { takesSeveral } from '../src/connect.ts'
import { Shares } from '../src/shares.ts'
import type { Asked } from '../src/asked.ts'
import { COLUMN, fake, packet, resultSet } from './fake.ts'

const OK = [0, 0, 0, 2, 0, 0, 0]
const MORE = [0xfe, 0, 0, 10, 0]
const EOF = [0xfe, 0, 0, 2, 0]
const error = (number: number) => packet(number, [0xff, 0x7a, 4], "#42S02Table 'm.x' doesn't exist")
const test = suite('mysql: the reader')

/** what is said, and what eight questions have heard */
const GOOD = Buffer.concat([
  resultSet('joe'),
  resultSet(),
  error(1),
  packet(1, OK),
  // two columns, NULL and empty values
  ...[packet(1, [2]), packet(2, COLUMN), packet(3, COLUMN), packet(4, EOF)],
  ...[packet(5, [0xfb, 0]), packet(6, [1], 'a', [0xfb]), packet(7, EOF)],
  // a procedure with two result sets, and its OK
  ...[packet(1, [1]), packet(2, COLUMN), packet(3, EOF), packet(4, [1], 'x'), packet(5, MORE)],
  ...[packet(6, [1]), packet(7, COLUMN), packet(8, EOF), packet(9, [1], 'y'), packet(10, MORE), packet(11, OK)],
  // an error behind a row
  ...[packet(1, [1]), packet(2, COLUMN), packet(3, EOF), packet(4, [1], 'z'), error(5)],
  // a value with two bytes of length
  ...[packet(1, [1]), packet(2, COLUMN), packet(3, EOF), packet(4, [0xfc, 0x2c, 1], 'l'.repeat(300)), packet(5, EOF)],
])
const HEARD = [
  { rows: [['joe']], sets: 1 },
  { rows: [], sets: 1 },
  { rows: [], sets: 0, error: "Table 'm.x' doesn't exist" },
  { rows: [], sets: 0 },
  {
    rows: [
      [null, ''],
      ['a', null],
    ],
    sets: 1,
  },
  { rows: [['x']], sets: 2 },
  { rows: [['z']], sets: 1, error: "Table 'm.x' doesn't exist" },
  { rows: [['l'.repeat(300)]], sets: 1 },
]
test('cut at every byte into two', () => {
  for (let cut = 0; cut <= GOOD.length; cut++) {
    const { told, say } = fake(8)
    say(GOOD.subarray(0, cut))
    say(GOOD.subarray(cut))
    assert.equal(told, { answers: HEARD, idle: 1 }, `cut at ${cut}`)
  }
})
test('byte by byte, in memory that is used again', () => {
  const { told, say } = fake(8)
  const memory = Buffer.alloc(1)
  for (const byte of GOOD) {
    memory[0] = byte
    say(memory)
  }
  assert.equal(told, { answers: HEARD, idle: 1 })
})
test('CLIENT_DEPRECATE_EOF', () => {
  const end = (number: number) => packet(number, [0xfe, 0, 0, 2, 0, 0, 0])
  const said = Buffer.concat([
    ...[packet(1, [1]), packet(2, COLUMN), packet(3, [3], 'joe'), end(4)],
    ...[packet(1, [1]), packet(2, COLUMN), packet(3, [0xfe, 0, 0, 10, 0, 0, 0]), packet(4, OK)],
  ])
  for (let cut = 0; cut <= said.length; cut++) {
    const { told, say } = fake(2, true)
    say(said.subarray(0, cut))
    say(said.subarray(cut))
    const answers = [
      { rows: [['joe']], sets: 1 },
      { rows: [], sets: 1 },
    ]
    assert.equal(told, { answers, idle: 1 }, `cut at ${cut}`)
  }
})
for (const deprecateEof of [false, true])
  test(`a statement that is prepared${deprecateEof ? ', CLIENT_DEPRECATE_EOF' : ''}`, () => {
    const eof = (number: number) => (deprecateEof ? [] : [packet(number, EOF)])
    const next = deprecateEof ? 3 : 4
    const columns = [packet(1, [0, 7, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]), packet(2, COLUMN), ...eof(3)]
    const said = Buffer.concat([...columns, packet(next, COLUMN), ...eof(5), error(1)])
    for (let cut = 0; cut <= said.length; cut++) {
      const { told, say } = fake(2, deprecateEof, true)
      say(said.subarray(0, cut))
      say(said.subarray(cut))
      const answers = [
        { rows: [], sets: 0 },
        { rows: [], sets: 0, error: "Table 'm.x' doesn't exist" },
      ]
      assert.equal(told, { answers, idle: 1 }, `cut at ${cut}`)
    }
  })
test('more than was asked', () => {
  const { told, say } = fake(1)
  say(Buffer.concat([resultSet('a'), resultSet('b')]))
  assert.equal(told.answers, [{ rows: [['a']], sets: 1 }])
  assert.match(told.lost!, /closed/)
})
test('a byte changed, one left out, one too many: nothing is thrown, nothing is heard behind the fault', () => {
  const next = random(10)
  const changes = [
    (at: number) => Buffer.concat([GOOD.subarray(0, at), Buffer.from([next() * 256]), GOOD.subarray(at + 1)]),
    (at: number) => Buffer.concat([GOOD.subarray(0, at), GOOD.subarray(at + 1)]),
    (at: number) => Buffer.concat([GOOD.subarray(0, at), Buffer.from([next() * 256]), GOOD.subarray(at)]),
  ]
  for (let at = 0; at < GOOD.length; at++)
    for (const change of changes)
      for (let turn = 0; turn < 4; turn++) {
        const { told, say } = fake(8)
        say(change(at))
        const ended = told.answers.map(({ sets }) => sets !== undefined)
        assert.ok(!ended.slice(ended.indexOf(false)).includes(true) || !ended.includes(false), 'in order')
        assert.is(told.idle, ended.includes(false) ? 0 : 1)
      }
})
test('who is asked for several queries at a time', () => {
  const cases: [string, boolean][] = [
    ['10.11.14-MariaDB-0+deb12u2', true],
    ['11.4.2-MariaDB', true],
    ['8.0.36', true],
    ['5.7.12', false],
    ['5.5.30 (ProxySQL)', false],
    ['', false],
  ]
  for (const [version, several] of cases) {
    assert.is(takesSeveral(version), several, version)
    const waiting = Array.from({ length: 10 }, () => ({ alone: false }) as Asked)
    assert.is(new Shares(32).end({ several }, waiting, 4, 2), several ? 7 : 5, version)
  }
})
test('random bytes', () => {
  const next = random(11)
  for (let turn = 0; turn < 5000; turn++) {
    const { told, say } = fake(3)
    say(Buffer.from(Array.from({ length: 1 + next() * 60 }, () => next() * 256)))
    for (const { rows } of told.answers) assert.equal(rows, [])
  }
})
test.run()
