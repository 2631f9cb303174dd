import { absent, found } from '@postern/core'
import type { Lookup, OpenTable } from '@postern/core'
import { fakeCall, missingPrograms, tableContract, until, within } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { opener } from '../../../../packages/lookup-kit/test/support/open-table.ts'
import { postmap } from '../../../../packages/lookup-kit/test/support/postmap-one.ts'
import { testServer } from '../../../../packages/lookup-kit/test/support/line-server.ts'
import type { Answer, Split, TestServer } from '../../../../packages/lookup-kit/test/support/line-server.ts'
import plugin from '@postern/lookup-tcp'

const open = opener(plugin)

const split: Split = (bytes) => {
  const end = bytes.indexOf('\n')
  return end < 0 ? undefined : { request: bytes.toString('utf8', 0, end), length: end + 1 }
}
const DATA: Record<string, string> = { 'joe@a.example': 'a/joe/', 'two words': 'x y', 'Big@A.example': 'case', ü: '%ü' }
const data: Answer = (request, socket) => {
  const key = decodeURIComponent(request.slice(4))
  socket.write(Object.hasOwn(DATA, key) ? `200 ${encodeURIComponent(DATA[key]!)}\n` : '500 no such key\n')
}
const serve = (answer: Answer = data) => testServer(split, answer)
const at = (server: TestServer) => `127.0.0.1:${server.port}`
const get = (table: OpenTable, key: string) => within(key, Promise.resolve(table.get(key, fakeCall())), 15_000)
const text = (a: Lookup) => (a.kind === 'found' ? `found ${a.value}` : a.kind)

tableContract('tcp', async () => {
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
/** what the server sends; what comes out where it is not what postmap says */
const replies: [string, Buffer | string, string?][] = [
  ['200', '200 value\n'],
  ['an empty value', '200 \n'],
  ['200 alone', '200\n'],
  ['200 and no blank', '200value\n'],
  ['a tab', '200\tvalue\n'],
  ['encoded', '200 a%20b%2c%C3%bc\n'],
  ['encoded badly', '200 a%zzb\n'],
  ['encoded by half', '200 a%2\n'],
  ['blanks', '200  a b \n'],
  ['a carriage return', '200 v\r\n'],
  ['UTF-8', '200 пример\n'],
  ['no UTF-8', '200 %ff\n'],
  // postmap cuts the value there
  ['a NUL', '200 a%00b\n', 'failed'],
  ['500', '500 no\n'],
  ['500 and nothing', '500 \n'],
  ['500 alone', '500\n'],
  ['400', '400 later\n'],
  ['400 alone', '400\n'],
  ['another code', '300 x\n'],
  ['a long code', '2000 x\n'],
  ['words', 'hello\n'],
  ['nothing', '\n'],
  ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['4096 bytes', `200 ${'x'.repeat(4091)}\n`],
  ['more behind it', '200 value\njunk'],
]
const noPostmap = missingPrograms('postmap')
for (const [name, reply, differs] of replies) {
  ;(noPostmap ? test.skip : test)(`as postmap: ${name}`, async () => {
    const server = await serve((_request, socket) => void socket.write(reply))
    const { table } = await open(at(server))
    const theirs = await postmap('key', `tcp:${at(server)}`)
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
    const theirs = await postmap(key, `tcp:${at(server)}`)
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
  ['half a reply', (_r, s) => void s.end('200 va'), /closed the connection/],
  ['closes', (_r, s) => void s.end(), /closed the connection/],
  ['resets', (_r, s) => void s.resetAndDestroy(), /ECONNRESET/],
  ['says nothing', () => undefined, /no answer within 0.5 s/],
  ['a byte at a time, too slowly', (_r, s) => drip(s, Buffer.from('200 value\n'), 100), /no answer within 0.5 s/],
  ['a line without an end', (_r, s) => void s.write('200 '.repeat(50_000)), /more than 4096 bytes/],
  ['one byte too many', (_r, s) => void s.write(`200 ${'x'.repeat(4092)}\n`), /more than 4096 bytes/],
  ['400', (_r, s) => void s.write('400 moved%20away\n'), /has an error: moved away/],
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
    assert.match((got as { cause: string }).cause, /^tcp:127.0.0.1:\d+: /)
    server.answer = data
    await until(`found after: ${name}`, async () => (await get(table, 'joe@a.example')).kind === 'found')
    await table.close!()
    await server.stop()
  }
  await Promise.all(hostile.map(one))
})
test('a byte at a time', async () => {
  const server = await serve((_r, s) => drip(s, Buffer.from('200 value\n'), 2))
  const { table } = await open(at(server))
  assert.equal(await get(table, 'a'), found('value'))
  await table.close!()
  await server.stop()
})
test.run()
