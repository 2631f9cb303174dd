/** Header apart from body, byte for byte, however the content arrives; what is edited and what is not. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Header, edits, header } from '@postern/core'
import type { HeaderEdit } from '@postern/core'
import { settle } from '../support/clock.ts'
import { world } from '../support/world.ts'
import type { World } from '../support/world.ts'

const RECEIVED = /^Received: from [^]*?\r\n(?![ \t])/
/** name, content, header and body as they are to be delivered */
const CONTENT: [name: string, content: string, header: string, body: string][] = [
  ['a message', 'A: b\r\n\r\nbody\r\n', 'A: b\r\n', 'body\r\n'],
  ['nothing', '', '', ''],
  ['only an empty line', '\r\n', '', ''],
  ['no header', '\r\nbody\r\n', '', 'body\r\n'],
  ['only a header', 'A: b\r\n', 'A: b\r\n', ''],
  ['a header and an empty line', 'A: b\r\n\r\n', 'A: b\r\n', ''],
  ['empty lines in the body', 'A: b\r\n\r\n\r\n\r\nx\r\n', 'A: b\r\n', '\r\n\r\nx\r\n'],
  ['folded lines', 'A: b\r\n c\r\n\td\r\nE: f\r\n\r\nx\r\n', 'A: b\r\n c\r\n\td\r\nE: f\r\n', 'x\r\n'],
  [
    'a line that is no field begins the body',
    'A: b\r\nno colon here\r\nC: d\r\n\r\nx\r\n',
    'A: b\r\n',
    'no colon here\r\nC: d\r\n\r\nx\r\n',
  ],
  [
    'the first line is none',
    'no colon here\r\nSubject: not a header\r\n\r\nx\r\n',
    '',
    'no colon here\r\nSubject: not a header\r\n\r\nx\r\n',
  ],
  ['the first line begins with a space', ' x\r\nSubject: s\r\n\r\nx\r\n', '', ' x\r\nSubject: s\r\n\r\nx\r\n'],
  ['white space before the colon', 'A : b\r\nB\t:c\r\n\r\nx : y\r\n', 'A: b\r\nB:c\r\n', 'x : y\r\n'],
  ['a space in the name', 'A B: c\r\n\r\nx\r\n', '', 'A B: c\r\n\r\nx\r\n'],
  ['a colon first', ': c\r\n\r\nx\r\n', '', ': c\r\n\r\nx\r\n'],
  ['an empty value', 'A:\r\n\r\nx\r\n', 'A:\r\n', 'x\r\n'],
  ['bytes above 127', 'A: \xff\xfe\x80\r\n\r\n\xff\x00\x80\r\n', 'A: \xff\xfe\x80\r\n', '\xff\x00\x80\r\n'],
  ['bare line feeds', 'A: b\nC: d\n\nx\n', 'A: b\nC: d\n', 'x\n'],
  ['a line that is only white space goes on', 'A: b\r\n \r\nC: d\r\n\r\nx\r\n', 'A: b\r\n \r\nC: d\r\n', 'x\r\n'],
]
async function deliver(w: World, parts: string[]) {
  await w.send(undefined, parts)
  await w.node.idle()
  const d = w.deliveries.pop()!
  return [d.header.replace(RECEIVED, ''), d.body]
}
for (const [name, content, wantedHeader, wantedBody] of CONTENT)
  test(`content: ${name}, split at every byte`, async () => {
    const w = await world()
    assert.equal(await deliver(w, [content]), [wantedHeader, wantedBody])
    assert.equal(await deliver(w, content.split('')), [wantedHeader, wantedBody], 'byte by byte')
    for (let i = 1; i < content.length; i++)
      assert.equal(
        await deliver(w, [content.slice(0, i), content.slice(i)]),
        [wantedHeader, wantedBody],
        `split at ${i}`,
      )
    await w.stop()
  })
for (const limit of [10, 11, 12, 13, 14, 20, 100])
  test(`a header limit of ${limit} cuts in the same place, however the content arrives`, async () => {
    const w = await world(undefined, { config: { headerSizeLimit: limit } })
    for (const content of [
      'A: bcdef\r\n\r\nbody\r\n',
      'A: bcdef\r\nG: h\r\n\r\nbody\r\n',
      `A: ${'x'.repeat(40)}\r\n\r\nbody\r\n`,
    ]) {
      const whole = await deliver(w, [content])
      assert.equal(await deliver(w, content.split('')), whole, 'byte by byte')
      for (let i = 1; i < content.length; i++)
        assert.equal(await deliver(w, [content.slice(0, i), content.slice(i)]), whole, `split at ${i}`)
    }
    await w.stop()
  })
test('a field over the limit is cut, those behind it are fields', async () => {
  const w = await world(undefined, { config: { headerSizeLimit: 20 } })
  const sent = async (head: string) => (await deliver(w, [`${head}\r\nbody\r\n`]))[0]
  const long = `A: ${'x'.repeat(17)}`
  assert.is(await sent('A: 1\r\nB: 2\r\n'.repeat(9)), 'A: 1\r\nB: 2\r\n'.repeat(9), 'many short ones')
  assert.is(await sent(`${long}\r\nB: 2\r\n`), `${long}\r\nB: 2\r\n`, 'as long as the limit')
  assert.is(await sent(`${long}yz\r\nB: 2\r\n`), `${long}\r\nB: 2\r\n`)
  assert.is(await sent('A: 1\r\n 2345\r\n\t6789abcdef\r\nB: 2\r\n'), 'A: 1\r\n 2345\r\n\t6789abcd\r\nB: 2\r\n')
  assert.is(
    await sent(`A: ${'x'.repeat(16)}\r\n more\r\nB: 2\r\n`),
    `A: ${'x'.repeat(16)}\r\nB: 2\r\n`,
    'no empty line',
  )
  assert.is(await sent(`A: ${'x'.repeat(15)}\r\n more\r\nB: 2\r\n`), `A: ${'x'.repeat(15)}\r\nB: 2\r\n`)
  await w.stop()
})
test('a header without an end is refused', async () => {
  const w = await world()
  const field = `X: ${'x'.repeat(1000)}\r\n`
  const reply = async (parts: string[]) => (await w.send(undefined, parts)).end?.code
  assert.is(await reply([field.repeat(3000), '\r\nbody\r\n']), 552)
  assert.is(await reply(Array.from({ length: 3000 }, () => field)), 552)
  assert.is(await reply([field.repeat(1000), '\r\nbody\r\n']), 250)
  await w.stop()
})

const RAW = 'Subject: one\r\nX-Bytes: \xe4\xff\r\nsubject:  two \r\n\tthree\r\nX-Empty:\r\nX-Old : v\r\n'
const make = () => new Header(Buffer.from(RAW, 'latin1'))
test('a header that is only read stays byte for byte', () => {
  const h = make()
  assert.is(h.get('SUBJECT'), 'one')
  assert.equal(h.all('Subject'), ['one', 'two \tthree'])
  assert.is(h.get('x-empty'), '')
  assert.is(h.get('x-old'), 'v')
  assert.is(h.get('nothing'), undefined)
  assert.equal(h.all('nothing'), [])
  assert.equal(
    h.fields.map((f) => f.name),
    ['Subject', 'X-Bytes', 'subject', 'X-Empty', 'X-Old'],
  )
  assert.is(h.fields.map((f) => f.raw).join(''), RAW)
  assert.is(h.toBuffer().toString('latin1'), RAW)
})
test('UTF-8 is read as such', () => {
  assert.is(new Header(Buffer.from('Subject: Grüße\r\n')).get('subject'), 'Grüße')
})
const [S1, XB, S2, XE, XO] = [
  'Subject: one\r\n',
  'X-Bytes: \xe4\xff\r\n',
  'subject:  two \r\n\tthree\r\n',
  'X-Empty:\r\n',
  'X-Old : v\r\n',
]
const N = 'N: v\r\n'
const EDITS: [name: string, edit: HeaderEdit, result: string][] = [
  ['insert on top', header.insert('N', 'v'), N + S1 + XB + S2 + XE + XO],
  ['insert at the bottom', header.insert('N', 'v', 'bottom'), S1 + XB + S2 + XE + XO + N],
  ['insert at 2', header.insert('N', 'v', 2), S1 + XB + N + S2 + XE + XO],
  ['insert far behind', header.insert('N', 'v', 99), S1 + XB + S2 + XE + XO + N],
  ['replace the first', header.replace('SUBJECT', 'v'), 'SUBJECT: v\r\n' + XB + S2 + XE + XO],
  ['replace the second', header.replace('Subject', 'v', 1), S1 + XB + 'Subject: v\r\n' + XE + XO],
  ['replace one that is not there', header.replace('N', 'v'), S1 + XB + S2 + XE + XO + N],
  ['remove all', header.remove('subject'), XB + XE + XO],
  ['remove the second', header.remove('subject', 1), S1 + XB + XE + XO],
  ['remove one that is not there', header.remove('nothing'), S1 + XB + S2 + XE + XO],
  ['a name with a space before its colon', header.remove('X-Old'), S1 + XB + S2 + XE],
  ['UTF-8', header.insert('N', 'ü'), 'N: \xc3\xbc\r\n' + S1 + XB + S2 + XE + XO],
  ['a folded value', header.insert('N', 'a\r\n b\n\tc'), 'N: a\r\n b\r\n\tc\r\n' + S1 + XB + S2 + XE + XO],
  ['a value with its line end', header.insert('N', 'v\r\n'), N + S1 + XB + S2 + XE + XO],
]
for (const [name, edit, result] of EDITS)
  test(`edit: ${name}`, () => {
    const h = make()
    h.apply(edit)
    assert.is(h.toBuffer().toString('latin1'), result)
  })
const INJECTIONS: [name: string, value: string][] = [
  ['N', 'a\r\nBcc: evil@e.example'],
  ['N', 'a\nBcc: evil@e.example'],
  ['N', 'a\r\n\r\nbody'],
  ['N', 'a\n\nbody'],
  ['N', 'a\r\n \r\nbody'],
  ['N', 'a\rBcc: evil'],
  ['N', 'a\0b'],
  ['N', 'a\r\n \r\n'],
  ['N: x\r\nBcc', 'a'],
  ['N N', 'a'],
  ['N:', 'a'],
  ['', 'a'],
  ['Ü', 'a'],
]
for (const [name, value] of INJECTIONS)
  test(`refused: ${JSON.stringify(name)}: ${JSON.stringify(value)}`, () => {
    const h = make()
    assert.throws(() => h.apply(header.insert(name, value)), TypeError as never)
    assert.throws(() => h.apply(header.replace(name, value)), TypeError as never)
    assert.is(h.toBuffer().toString('latin1'), RAW)
  })
test('a tap that injects is at fault', async () => {
  const w = await world((m) => m.cleanup.tap({ body: 'none' }, () => edits([header.insert('X-A', 'b\r\n\r\nbody')])))
  assert.is((await w.send()).end!.code, 451)
  await settle()
  assert.is(w.deliveries.length, 0)
  await w.stop()
})

test.run()
