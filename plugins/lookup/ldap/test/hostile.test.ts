/** What a server may send, byte by byte: each answer is right, or the lookup fails. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { until, within } from '@postern/testkit'
import type { Lookup } from '@postern/core'
import { comparedIn, element, end, entry, fake, message, number } from './support/fake.ts'
import type { Asked } from './support/fake.ts'
import { open } from './support/open.ts'

const test = suite('ldap: what a server sends')
const SEARCH = 0x63
const ABANDON = 0x50
const options = (serverHost: string, more: object = {}) => ({
  serverHost,
  searchBase: 'dc=x',
  queryFilter: '(mail=%s)',
  resultAttribute: 'uid',
  timeout: 2,
  ...more,
})
const found = (value: string): Lookup => ({ kind: 'found', value })
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Each says one thing to the search `id`. Whole messages with other lengths in them are written out. */
const hostile: [string, (id: number) => Buffer][] = [
  ['an indefinite length', (id) => Buffer.concat([hex('3080'), number(id), hex('65070a010004000400 0000')])],
  ['an indefinite length inside', (id) => message(id, hex('65800a010004000400 0000'))],
  ['an indefinite length of a value', (id) => message(id, hex('6480 0400 3000'))],
  ['five digits of a length', (id) => message(id, hex('6585 0000000007 0a010004000400'))],
  ['a result that is longer than its message', (id) => message(id, hex('65080a010004000400'))],
  ['a result that is cut short', (id) => message(id, hex('65050a01000400'))],
  ['an empty result', (id) => message(id, hex('6500'))],
  ['no operation', (id) => element(0x30, number(id))],
  ['no id', () => element(0x30, hex('65070a010004000400'))],
  ['an empty message', () => hex('3000')],
  ['an id below zero', (id) => element(0x30, [Buffer.of(2, 1, 0x80 | id), hex('65070a010004000400')])],
  ['an id of five bytes', (id) => element(0x30, [Buffer.of(2, 5, 0, 0, 0, 0, id), hex('65070a010004000400')])],
  ['an id of no bytes', () => element(0x30, [hex('0200'), hex('65070a010004000400')])],
  ['an id that is no number', (id) => element(0x30, [Buffer.of(4, 1, id), hex('65070a010004000400')])],
  ['an id that nobody asked for', (id) => end(id + 1)],
  ['an entry that nobody asked for', (id) => Buffer.concat([entry(id + 7, ['x']), end(id)])],
  ['the end of a bind', (id) => end(id, 0, 0x61)],
  ['the end of a comparison', (id) => end(id, 0, 0x6f)],
  ['the end of something unknown', (id) => end(id, 0, 0x6d)],
  ['an operation without a tag that is one', (id) => message(id, hex('30070a010004000400'))],
  ['a code that is no enumeration', (id) => message(id, hex('650702010004000400'))],
  ['a code of no bytes', (id) => message(id, hex('65060a0004000400'))],
  ['a code below zero', (id) => message(id, hex('65070a01ff04000400'))],
  ['a result without a name', (id) => message(id, hex('65050a01000400'))],
  ['an entry whose name is a number', (id) => message(id, hex('6405 020101 3000'))],
  ['an entry without attributes', (id) => message(id, hex('64020400'))],
  ['attributes that are a set', (id) => message(id, hex('640404003100'))],
  ['an attribute that is a set', (id) => message(id, hex('640604003002 3100'))],
  ['an attribute without values', (id) => message(id, hex('640b 0400 3007 3005 0403756964'))],
  ['values that are a sequence', (id) => message(id, hex('640d 0400 3009 3007 0403756964 3000'))],
  ['a value that is a number', (id) => message(id, hex('6410 0400 300c 300a 0403756964 3103 020101'))],
  ['a value that ends behind its set', (id) => message(id, hex('6410 0400 300c 300a 0403756964 3103 040278'))],
  ['a set that ends behind its attribute', (id) => message(id, hex('6410 0400 300c 300a 0403756964 3106 040178'))],
  ['more behind the values', (id) => message(id, hex('6412 0400 300e 300c 0403756964 3103 040178 0500'))],
  ['more behind the attributes', (id) => message(id, hex('6412 0400 300c 300a 0403756964 3103 040178 0500'))],
  ['half a control behind', (id) => element(0x30, [number(id), hex('65070a010004000400'), hex('a003 30')])],
  ['a byte behind', (id) => element(0x30, [number(id), hex('65070a010004000400'), hex('00')])],
  ['a reference that is a number', (id) => Buffer.concat([message(id, hex('7303020101')), end(id)])],
  ['a referral that is a number', (id) => message(id, hex('650c 0a010a 0400 0400 a303 020101'))],
  ['HTTP', () => Buffer.from('HTTP/1.1 200 OK\r\n\r\n')],
  ['zero bytes', () => Buffer.alloc(100)],
  ['the other end of a stream', () => hex('ffffffffffffffff')],
  ['four gigabytes to come', () => hex('3084ffffffff')],
  ['a length with a digit too few', () => hex('308401000000')],
]
for (const [title, say] of hostile)
  test(`${title}: failed, not absent`, async () => {
    const server = await fake(({ id, operation, socket }) => operation === SEARCH && void socket.write(say(id)))
    const t = await open(options(server.url, { timeout: 1 }))
    const answer = await within(title, t.ask('joe@x'), 5000)
    assert.is(answer.kind === 'failed' && answer.why, 'retry', JSON.stringify(answer))
    await t.close()
    server.close()
  })
test('garbage ends the connection, and others that wait on it are asked again on a new one', async () => {
  let bad = true
  const waiting: Asked[] = []
  const server = await fake((asked) => {
    if (asked.operation !== SEARCH) return
    if (!bad) return void asked.socket.write(Buffer.concat([entry(asked.id, [comparedIn(asked)]), end(asked.id)]))
    waiting.push(asked)
    if (waiting.length < 20) return
    bad = false
    asked.socket.write(Buffer.concat([entry(waiting[0]!.id, ['first']), end(waiting[0]!.id), Buffer.from('garbage')]))
  })
  const t = await open(options(server.url))
  const first = t.ask('warm@x')
  await until('asked', () => waiting.length === 1)
  const warm = waiting.pop()!
  warm.socket.write(end(warm.id))
  assert.equal(await first, { kind: 'absent' })
  const answers = await Promise.all(Array.from({ length: 20 }, (_v, i) => t.ask(`u${i}@x`)))
  answers.forEach((answer, i) => assert.equal(answer, found(i === 0 ? 'first' : `u${i}@x`)))
  assert.is(t.stats().connections, 2)
  await t.close()
  server.close()
})
test('each byte of a good answer changed in turn: the answer, or failed; never absent, never a hang', async () => {
  let change: [at: number, to: number] = [0, 0]
  const server = await fake(({ id, operation, socket }) => {
    if (operation !== SEARCH) return
    const bytes = Buffer.concat([entry(id, ['value']), end(id)])
    bytes[change[0]!] = change[1]!
    socket.write(bytes)
  })
  // none of these lengths says that there is more to come
  const t = await open(options(server.url, { timeout: 60 }))
  const { length } = Buffer.concat([entry(2, ['value']), end(2)])
  for (let at = 0; at < length; at++)
    for (const to of [0x00, 0x80, 0xff]) {
      change = [at, to]
      const answer = await within(`${at} ${to}`, t.ask('joe@x'), 5000)
      assert.is.not(answer.kind, 'absent', `${at} ${to}`)
    }
  await t.close()
  server.close()
})
test('a stream cut at every byte says the same', async () => {
  const LONG = 'y'.repeat(130)
  let cut = 0
  const stream = (id: number) =>
    Buffer.concat([
      entry(id, ['ä', '日本', 'plain']),
      message(id, element(0x73, [element(0x04, 'ldap://elsewhere/')])),
      entry(id, [LONG]),
      entry(id, [], 'uid'),
      end(id),
    ])
  const server = await fake(({ id, operation, socket }) => {
    if (operation !== SEARCH) return
    const bytes = stream(id)
    socket.write(bytes.subarray(0, cut))
    setImmediate(() => socket.write(bytes.subarray(cut)))
  })
  const t = await open(options(server.url))
  for (cut = 1; cut < stream(2).length; cut++)
    assert.equal(await t.ask('joe@x'), found(`ä,日本,plain,${LONG}`), String(cut))
  assert.is(t.stats().connections, 1)
  await t.close()
  server.close()
})
test('lengths in more digits than needed, and controls behind, are as good', async () => {
  const server = await fake(({ id, operation, socket }) => {
    if (operation !== SEARCH) return
    const values = hex('318400000009 04026162 0403777879')
    const body = Buffer.concat([hex('048400000000'), element(0x30, element(0x30, [hex('040375 6964'), values]))])
    const size = Buffer.alloc(4)
    size.writeUInt32BE(body.length)
    const control = element(0xa0, element(0x30, element(0x04, '1.2.3')))
    socket.write(element(0x30, [number(id), Buffer.of(0x64, 0x84), size, body, control]))
    socket.write(element(0x30, [number(id), hex('6584000000070a010004000400'), control]))
  })
  const t = await open(options(server.url))
  assert.equal(await t.ask('joe@x'), found('ab,wxy'))
  await t.close()
  server.close()
})
test('answers out of order go to those who asked', async () => {
  let held: Asked[] = []
  const server = await fake((asked) => {
    if (asked.operation !== SEARCH) return
    held.push(asked)
    if (held.length < 40) return
    // entries and ends of all mixed, the last one's first
    const back = held.reverse()
    held = []
    for (const one of back) one.socket.write(entry(one.id, [comparedIn(one)]))
    for (const one of back.sort((a, b) => ((a.id * 7) % 40) - ((b.id * 7) % 40))) one.socket.write(end(one.id))
  })
  const t = await open(options(server.url))
  const answers = await Promise.all(Array.from({ length: 40 }, (_v, i) => t.ask(`u${i}@x`)))
  answers.forEach((answer, i) => assert.equal(answer, found(`u${i}@x`)))
  await t.close()
  server.close()
})
test('late: its own search is abandoned and no other; what comes for it later is passed over', async () => {
  const abandoned: Buffer[] = []
  let slow: Asked | undefined
  const server = await fake((asked) => {
    if (asked.operation === ABANDON) return void abandoned.push(asked.bytes)
    const key = comparedIn(asked)
    if (key === 'slow@x') return void (slow = asked)
    if (slow && key === 'after@x') asked.socket.write(Buffer.concat([entry(slow.id, ['late']), end(slow.id)]))
    asked.socket.write(Buffer.concat([entry(asked.id, [key]), end(asked.id)]))
  })
  const t = await open(options(server.url, { timeout: 1 }))
  assert.equal(await t.ask('first@x'), found('first@x'))
  const late = t.ask('slow@x')
  await until('asked', () => slow !== undefined)
  assert.equal(await t.ask('meanwhile@x'), found('meanwhile@x'))
  const answer = await within('late', late, 3000)
  assert.match(answer.kind === 'failed' ? answer.cause : '', /no answer within 1 s/)
  await until('abandoned', () => abandoned.length === 1)
  // RFC 4511 section 4.11: the id of the search
  assert.equal(abandoned[0]!.subarray(5), Buffer.from([ABANDON, 1, slow!.id]))
  assert.equal(await t.ask('after@x'), found('after@x'))
  assert.equal(await t.ask('last@x'), found('last@x'))
  assert.is(t.stats().connections, 1)
  await t.close()
  server.close()
})
test('an answer that is given twice ends the connection', async () => {
  const server = await fake(({ id, operation, socket }) => {
    if (operation === SEARCH) socket.write(Buffer.concat([entry(id, ['one']), end(id), end(id)]))
  })
  const t = await open(options(server.url))
  assert.equal(await t.ask('joe@x'), found('one'))
  assert.equal(await t.ask('joe@x'), found('one'))
  assert.is(t.stats().connections, 2)
  await t.close()
  server.close()
})
test('an entry of 17 MiB is read and refused for its length, one of 64 MiB is not read, many that are together are given up', async () => {
  const MIB = 1024 * 1024
  const server = await fake((asked) => {
    if (asked.operation !== SEARCH) return
    const { id, socket } = asked
    const key = comparedIn(asked)
    if (key === 'large@x') socket.write(Buffer.concat([entry(id, [Buffer.alloc(17 * MIB, 'x')]), end(id)]))
    else if (key === 'fits@x') socket.write(Buffer.concat([entry(id, [Buffer.alloc(15 * MIB, 'x')]), end(id)]))
    else if (key === 'huge@x') socket.write(hex('3084 04000001'))
    else if (key === 'many@x') for (let i = 0; i < 14; i++) socket.write(entry(id, [Buffer.alloc(5 * MIB, 'x')]))
    else socket.write(Buffer.concat([entry(id, [key]), end(id)]))
  })
  const t = await open(options(server.url, { timeout: 20 }))
  const causeOf = (answer: Lookup) => (answer.kind === 'failed' ? answer.cause : answer.kind)
  const fits = await t.ask('fits@x')
  assert.is(fits.kind === 'found' ? fits.value.length : fits.kind, 15 * MIB)
  assert.match(causeOf(await t.ask('large@x')), /more than 16777216 characters of results/)
  assert.match(causeOf(await t.ask('many@x')), /more than 67108864 bytes of entries/)
  assert.equal(await t.ask('small@x'), found('small@x'))
  assert.is(t.stats().connections, 1)
  assert.match(causeOf(await t.ask('huge@x')), /a message of 67108865 bytes/)
  await t.close()
  server.close()
})
test.run()
