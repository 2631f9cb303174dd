import { join } from 'node:path'
import { absent, found } from '@postern/core'
import type { Lookup, OpenTable } from '@postern/core'
import { fakeCall, missingPrograms, tableContract, tempFolder, until, within } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { opener } from '../../../../packages/lookup-kit/test/support/open-table.ts'
import { postmap } from '../../../../packages/lookup-kit/test/support/postmap-one.ts'
import { testServer } from '../../../../packages/lookup-kit/test/support/line-server.ts'
import type { Answer, Split, TestServer } from '../../../../packages/lookup-kit/test/support/line-server.ts'
import plugin from '@postern/lookup-socketmap'

const open = opener(plugin)

const split: Split = (bytes) => {
  const colon = bytes.indexOf(':')
  const end = colon + 1 + Number(bytes.toString('latin1', 0, colon))
  if (colon < 0 || bytes.length <= end) return undefined
  return { request: bytes.toString('utf8', colon + 1, end), length: end + 1 }
}
const netstring = (text: string | Buffer) =>
  Buffer.concat([Buffer.from(`${Buffer.byteLength(text)}:`), Buffer.from(text), Buffer.from(',')])
const DATA: Record<string, string> = { 'joe@a.example': 'a/joe/', 'two words': 'x y', 'Big@A.example': 'case', ü: 'ü' }
const data: Answer = (request, socket) => {
  const key = request.slice(request.indexOf(' ') + 1)
  socket.write(netstring(Object.hasOwn(DATA, key) ? `OK ${DATA[key]}` : 'NOTFOUND '))
}
const serve = (answer: Answer = data, path?: string) => testServer(split, answer, path)
const at = (server: TestServer) => `inet:127.0.0.1:${server.port}:name`
const get = (table: OpenTable, key: string) => within(key, Promise.resolve(table.get(key, fakeCall())), 15_000)
const text = (a: Lookup) => (a.kind === 'found' ? `found ${a.value}` : a.kind)

tableContract('socketmap, inet', async () => {
  const server = await serve()
  const { table } = await open(at(server), { timeout: '1s' })
  return {
    table,
    found: DATA,
    absent: ['none', 'JOE@a.example'],
    breakIt: () => server.stop(),
    hang: () => void (server.answer = () => undefined),
    close: () => server.stop(),
  }
})
tableContract('socketmap, unix', async () => {
  const folder = await tempFolder()
  const server = await serve(data, join(folder.path, 'socket'))
  const { table } = await open({ server: `unix:${folder.path}/socket`, name: 'n', timeout: 1 })
  return {
    table,
    found: DATA,
    absent: ['none'],
    breakIt: () => server.stop(),
    hang: () => void (server.answer = () => undefined),
    close: () => server.stop().then(() => folder.remove()),
  }
})

/** what the server sends; what comes out where it is not what postmap says */
const replies: [string, Buffer, string?][] = [
  ['OK', netstring('OK value')],
  ['an empty value', netstring('OK ')],
  // no value, and not "not found" either
  ['OK alone', netstring('OK'), 'failed'],
  ['blanks', netstring('OK  two ')],
  ['commas', netstring('OK a,b')],
  ['lines', netstring('OK a\nb')],
  ['UTF-8', netstring('OK пример')],
  ['no UTF-8', netstring(Buffer.from('OK \xff', 'latin1'))],
  // postmap cuts the value there
  ['a NUL', netstring('OK a\0b'), 'failed'],
  ['NOTFOUND', netstring('NOTFOUND ')],
  ['NOTFOUND alone', netstring('NOTFOUND')],
  ['NOTFOUND and why', netstring('NOTFOUND here')],
  ['TEMP', netstring('TEMP later')],
  ['TEMP alone', netstring('TEMP')],
  ['TIMEOUT', netstring('TIMEOUT x')],
  ['PERM', netstring('PERM x')],
  ['another word', netstring('FOO x')],
  ['small letters', netstring('ok value')],
  ['nothing', netstring('')],
  ['no netstring', Buffer.from('hello world,')],
  ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['no comma', Buffer.from('8:OK value;')],
  ['no length', Buffer.from(':OK value,')],
  ['leading zeros', Buffer.from('0008:OK value,')],
  ['less than nothing', Buffer.from('-1:,')],
  ['100,000 bytes', netstring(`OK ${'x'.repeat(99_997)}`)],
  ['one too many', netstring(`OK ${'x'.repeat(99_998)}`)],
  ['an immense length', Buffer.from('99999999999999999999:OK')],
  ['more behind it', Buffer.concat([netstring('OK value'), Buffer.from('junk')])],
]
const noPostmap = missingPrograms('postmap')
for (const [name, reply, differs] of replies) {
  ;(noPostmap ? test.skip : test)(`as postmap: ${name}`, async () => {
    const server = await serve((_request, socket) => void socket.write(reply))
    const { table } = await open(at(server))
    const theirs = await postmap('key', `socketmap:${at(server)}`)
    const ours = text(await get(table, 'key'))
    assert.is(ours, differs ?? theirs)
    if (differs) assert.is.not(ours, theirs, 'no difference any more')
    await table.close!()
    await server.stop()
  })
}
;(noPostmap ? test.skip : test)('requests are those of postmap', async () => {
  const server = await serve()
  const { table } = await open(at(server))
  for (const key of ['joe@a.example', 'JOE@A.example', 'two words', ' lead', 'ü', 'a:b,c', 'x'.repeat(3000)]) {
    server.requests.length = 0
    const theirs = await postmap(key, `socketmap:${at(server)}`)
    assert.is(text(await get(table, key)), theirs, key)
    const [first, second] = server.requests
    assert.is(second, first)
  }
  await table.close!()
  await server.stop()
})
test('the table is asked for whole keys', async () => {
  const server = await serve()
  const { table } = await open(at(server))
  assert.is(table.pattern, true)
  assert.equal(await get(table, ''), absent())
  assert.equal(server.requests, [])
  assert.is(await table.check!(), undefined)
  await table.close!()
  await server.stop()
})

/** name, what the server does, what is said of it */
const hostile: [string, Answer, RegExp][] = [
  ['half a reply', (_r, s) => void s.end('8:OK v'), /closed the connection/],
  ['half a head', (_r, s) => void s.end('8'), /closed the connection/],
  ['closes', (_r, s) => void s.end(), /closed the connection/],
  ['resets', (_r, s) => void s.resetAndDestroy(), /ECONNRESET/],
  ['says nothing', () => undefined, /no answer within 0.5 s/],
  ['a byte at a time, too slowly', (_r, s) => drip(s, netstring('OK value'), 100), /no answer within 0.5 s/],
  ['a stream without an end', (_r, s) => void s.write('9'.repeat(50_000)), /no netstring/],
  ['too large', (_r, s) => void s.write(netstring('OK ' + 'x'.repeat(200_000))), /limit is 100000/],
  ['TEMP', (_r, s) => void s.write(netstring('TEMP moved')), /temporary error: moved/],
]
function drip(socket: { write(bytes: Buffer): unknown; destroyed: boolean }, bytes: Buffer, ms: number) {
  bytes.forEach((_b, i) => setTimeout(() => socket.destroyed || socket.write(bytes.subarray(i, i + 1)), i * ms))
}
test(`hostile servers: ${hostile.map(([name]) => name).join('; ')}`, async () => {
  const one = async ([name, answer, cause]: (typeof hostile)[number]) => {
    const server = await serve(answer)
    const { table } = await open(at(server), { timeout: '500ms' })
    const got = await get(table, 'joe@a.example')
    assert.is(got.kind, 'failed', name)
    assert.match((got as { cause: string }).cause, cause)
    assert.match((got as { cause: string }).cause, /^socketmap:inet:127.0.0.1:\d+:name: /)
    server.answer = data
    await until(`found after: ${name}`, async () => (await get(table, 'joe@a.example')).kind === 'found')
    await table.close!()
    await server.stop()
  }
  await Promise.all(hostile.map(one))
})
test('a byte at a time', async () => {
  const server = await serve((_r, s) => drip(s, netstring('OK value'), 2))
  const { table } = await open(at(server))
  assert.equal(await get(table, 'a'), found('value'))
  await table.close!()
  await server.stop()
})
test('PERM will not get better by itself, and says nothing of other keys', async () => {
  const server = await serve((request, s) => void s.write(netstring(request.endsWith('bad') ? 'PERM no' : 'OK yes')))
  const { table, told } = await open(at(server))
  assert.equal(
    [(await get(table, 'bad')) as { why?: string }].map((a) => a.why),
    ['misconfigured'],
  )
  assert.equal(await get(table, 'good'), found('yes'))
  assert.equal(told, [])
  await table.close!()
  await server.stop()
})
test.run()
