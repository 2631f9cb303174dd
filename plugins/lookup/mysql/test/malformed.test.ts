/** What a server says wrong, in the place of a real one's answer: each lookup fails, and the next one works. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { until } from '@postern/testkit'
import { COLUMN, packet, resultSet } from './fake.ts'
import { proxy } from './proxy.ts'
import type { Proxy } from './proxy.ts'
import { get, startRig, why } from './rig.ts'
import type { Rig } from './rig.ts'

const EOF = [0xfe, 0, 0, 2, 0]
const HEAD = [packet(1, [1]), packet(2, COLUMN), packet(3, EOF)]
const good = resultSet('joe')
/** what is said; the connection stays open behind it */
const WRONG: [name: string, bytes: Buffer][] = [
  ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['an empty packet', packet(1)],
  ['a number out of order', packet(2, [1])],
  ['a number out of order later', Buffer.concat([...HEAD, packet(5, [3], 'joe')])],
  ['a file is asked for', packet(1, [0xfb], '/etc/passwd')],
  ['no columns', packet(1, [0xfc, 0, 0])],
  ['NULL columns', packet(1, [0xfd, 1, 0, 0])],
  ['a number of columns with more behind it', packet(1, [1, 1])],
  ['a column that is none', Buffer.concat([packet(1, [1]), packet(2, 'abc')])],
  ['no end of columns', Buffer.concat([packet(1, [1]), packet(2, COLUMN), packet(3, COLUMN)])],
  [
    'a row in the place of the end of columns',
    Buffer.concat([packet(1, [1]), packet(2, COLUMN), packet(3, [3], 'joe')]),
  ],
  ['an end of columns that is too long', Buffer.concat([packet(1, [1]), packet(2, COLUMN), packet(3, EOF, [0])])],
  ['a value beyond its packet', Buffer.concat([...HEAD, packet(4, [9], 'joe')])],
  ['a value with two bytes of length beyond its packet', Buffer.concat([...HEAD, packet(4, [0xfc, 9, 9], 'joe')])],
  ['half a length', Buffer.concat([...HEAD, packet(4, [0xfd, 1])])],
  [
    'a length of eight bytes',
    Buffer.concat([...HEAD, packet(4, [0xfe, 255, 255, 255, 255, 255, 255, 255, 255], 'joe')]),
  ],
  ['more behind the last value', Buffer.concat([...HEAD, packet(4, [3], 'joe', [0xfb])])],
  ['an empty row', Buffer.concat([...HEAD, packet(4)])],
  ['an OK that is too short', packet(1, [0, 0, 0])],
  ['an OK with half a number', packet(1, [0, 0xfe, 1])],
  ['an end of rows that is too short', Buffer.concat([...HEAD, packet(4, [0xfe])])],
  ['an error that is too short', packet(1, [0xff, 1])],
]
/** the beginning of a good answer, and no more */
const CUT = [0, 1, 3, 4, 5, 20, good.length - 9, good.length - 1]

const test = suite('mysql: malformed answers')
const it = why ? test.skip : test
let rig: Rig
let between: Proxy
if (!why) {
  test.before(async () => {
    rig = await startRig()
    between = await proxy(rig.db.port)
  })
  test.after(async () => {
    await between.close()
    await rig.db.remove()
  })
}
const through = (own: Record<string, string | number> = {}) =>
  rig.open({ hosts: `127.0.0.1:${between.port}`, timeout: '300ms', query: "select '%s'", ...own })
async function fails(bytes: Buffer, end: boolean, wait = false): Promise<string> {
  const table = await through()
  assert.is(await get(table, 'before'), 'before')
  Object.assign(between, { word: 'spoilt', bytes, end })
  try {
    // several, one behind the other
    const answers = await Promise.all([get(table, 'spoilt'), get(table, 'spoilt.too')])
    for (const answer of answers) assert.match(answer ?? 'absent', /^! mysql:/)
    between.word = ''
    if (wait) await until('the next one works', async () => (await get(table, 'behind')) === 'behind')
    return answers[0]!
  } finally {
    between.word = ''
    await table.close?.()
  }
}
for (const [name, bytes] of WRONG) it(name, async () => assert.match(await fails(bytes, false), /not understood/))
for (const cut of CUT) {
  it(`nothing behind byte ${cut}`, async () =>
    assert.match(await fails(good.subarray(0, cut), false), /no answer in time/))
  it(`the end behind byte ${cut}`, async () => assert.match(await fails(good.subarray(0, cut), true), /closed/))
}
it('the same table works again', async () => assert.match(await fails(WRONG[0]![1], false, true), /not understood/))
it('a whole answer in its place is one', async () => {
  const table = await through()
  Object.assign(between, { word: 'spoilt', bytes: good, end: false })
  assert.is(await get(table, 'spoilt'), 'joe')
  await table.close?.()
})
it('bytes that nobody asked for: the connection is not used again', async () => {
  const table = await through()
  await get(table, 'before')
  Object.assign(between, { word: 'spoilt', bytes: Buffer.concat([good, good]), end: false })
  assert.is(await get(table, 'spoilt'), 'joe')
  between.word = ''
  assert.is(table.stats!().connections, 0)
  assert.is(await get(table, 'behind'), 'behind')
  await table.close?.()
})
test.run()
