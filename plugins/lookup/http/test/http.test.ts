import { absent, found, systemClock } from '@postern/core'
import type { Lookup, OpenTable } from '@postern/core'
import { fakeCall, sleep, tableContract, until, within } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { open } from './open.ts'
import { TestServer, json } from './server.ts'
import type { Answer } from './server.ts'

const DATA: Record<string, string> = { 'joe@a.example': 'a/joe/', 'two words': 'x y', ü: 'ü%', 'a/../b?c#d&e=f': 'odd' }
const data: Answer = (seen, response) => {
  const key = seen.body ? JSON.parse(seen.body).key : new URL(seen.url, 'http://x').searchParams.get('key')
  if (Object.hasOwn(DATA, key)) json(response, { mail: { box: DATA[key] } })
  else response.writeHead(404).end()
}
const get = (table: OpenTable, key: string) => within(key, Promise.resolve(table.get(key, fakeCall())), 15_000)
async function pair(answer: Answer, options: Record<string, unknown> = {}) {
  const server = await new TestServer(answer).start()
  const { table, told } = await open({ url: `${server.origin}/q?key=%s`, ...options })
  const end = async () => {
    await table.close!()
    await server.stop()
  }
  return { server, table, told, end }
}
for (const [name, options] of [
  ['GET', {}],
  ['POST', { method: 'POST', body: '{"key":"%s"}' }],
] as const) {
  tableContract(`http, ${name}`, async () => {
    const { server, table, end } = await pair(data, { path: 'mail.box', timeout: 1, ...options })
    return {
      table,
      found: { ...DATA, 'JOE@A.example': 'a/joe/' },
      absent: ['none', 'joe'],
      breakIt: () => server.stop(),
      hang: () => void (server.answer = () => undefined),
      close: end,
    }
  })
}
/** what the server says, what comes of it: a pattern for `WHY CAUSE` of failures */
const replies: [string, number, string | object, Lookup | RegExp, Record<string, unknown>?][] = [
  ['text', 200, '"value"', found('value')],
  ['a number', 200, '5000', found('5000')],
  ['an array', 200, '["a","b",3]', found('a,b,3')],
  ['null', 200, 'null', absent()],
  ['an empty array', 200, '[]', absent()],
  ['empty text', 200, '""', absent()],
  ['a path', 200, { a: { b: [{ c: 'x' }, { c: 'y' }] } }, found('x,y'), { path: 'a.b.c' }],
  ['an element', 200, { a: ['x', 'y'] }, found('y'), { path: 'a.1' }],
  ['no such element', 200, { a: ['x'] }, absent(), { path: 'a.7' }],
  ['null on the way', 200, { a: null }, absent(), { path: 'a.b' }],
  ['no such member', 200, { a: {} }, /^misconfigured .*: a has no b/, { path: 'a.b' }],
  ['no such member, said to be absent', 200, { a: {} }, absent(), { path: 'a.b', missing: 'absent' }],
  ['an inherited member', 200, { a: {} }, /has no constructor/, { path: 'a.constructor' }],
  ['text on the way', 200, { a: 'x' }, /^misconfigured .*: a is no object/, { path: 'a.b' }],
  ['an object', 200, { a: 1 }, /^misconfigured .*: the answer is an object/],
  ['result_format', 200, '["a@b.example","c"]', found('b.example/a'), { resultFormat: '%d/%u' }],
  [
    '10,000 results',
    200,
    JSON.stringify(Array.from({ length: 10_000 }, (_, i) => `u${i}`)),
    found(Array.from({ length: 10_000 }, (_, i) => `u${i}`).join()),
  ],
  ['too many results', 200, '["a","b"]', /^retry .*: more than 1 results/, { expansionLimit: 1 }],
  ['no JSON', 200, '<html>', /^retry .*: the answer is not JSON/],
  ['half of it', 200, '{"a":', /not JSON/],
  ['nothing', 200, '', /not JSON/],
  ['deep', 200, '['.repeat(40_000) + ']'.repeat(40_000), /nested too deeply|not JSON/],
  ['too large', 200, `"${'x'.repeat(102_399)}"`, /^retry .*: a reply of more than 102400 bytes/],
  ['404', 404, 'whatever', absent()],
  ['204', 204, '', /^retry .*: the server answers with status 204/],
  ['304 unasked', 304, '', /^retry .* 304/],
  ['400', 400, '', /^misconfigured .* 400/],
  ['401', 401, '', /^misconfigured .* 401/],
  ['410', 410, '', /^misconfigured .* 410/],
  ['429', 429, '', /^retry .* 429/],
  ['500', 500, '"value"', /^retry .* 500/],
  ['503', 503, '', /^retry .* 503/],
  ['a redirect', 302, '', /^misconfigured .*: a redirect that is not followed \(302\)/],
]
test(`replies: ${replies.map(([name]) => name).join('; ')}`, async () => {
  for (const [name, status, body, want, options] of replies) {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const { table, told, end } = await pair(
      (_seen, response) => void response.writeHead(status, status === 302 ? { location: '/other' } : {}).end(text),
      options,
    )
    const got = await get(table, 'key')
    if (want instanceof RegExp) {
      assert.is(got.kind, 'failed', name)
      if (got.kind === 'failed') assert.match(`${got.why} ${got.cause}`, want)
    } else assert.equal(got, want, name)
    // what a server says of one key says nothing of the others
    assert.equal(told, [], name)
    await end()
  }
})
/** URL, key, what is asked; `undefined`: nothing, it is absent */
const urls: [string, string, string | undefined][] = [
  ['/q?key=%s', 'Joe@A.example', '/q?key=joe%40a.example'],
  ['/q?key=%s', 'a b&c=d#e%f/g?h', '/q?key=a%20b%26c%3Dd%23e%25f%2Fg%3Fh'],
  ['/q?u=%u&d=%d', 'joe@a.example', '/q?u=joe&d=a.example'],
  ['/q?u=%u&d=%d', 'joe', undefined],
  ['/q/%d/%u', '../..@a.example', '/q/a.example/..%2F..'],
  ['/q/%u', '..@a.example', undefined],
  ['/q/%u', '.@a.example', undefined],
  ['/q/%u', '...@a.example', '/q/...'],
  ['/q/%s', 'x\r\nHost: y', '/q/x%0D%0Ahost%3A%20y'],
  ['/q/%s', '\ud800', undefined],
  ['?key=%s', 'a', '/?key=a'],
  ['/%2%%2F%1', 'x@a.b.example', '/b%2Fexample'],
  ['/q?key=%s', '', undefined],
]
test('what is asked', async () => {
  const server = await new TestServer((_seen, response) => json(response, 'value')).start()
  for (const [template, key, target] of urls) {
    server.requests.length = 0
    const { table } = await open({ url: server.origin + template })
    assert.equal(await get(table, key), target === undefined ? absent() : found('value'), key)
    assert.equal(server.urls, target === undefined ? [] : [target])
    await table.close!()
  }
  await server.stop()
})
test('what is posted', async () => {
  const server = await new TestServer((_seen, response) => json(response, 'value')).start()
  for (const [body, contentType, key, want] of [
    ['{"key":"%s"}', 'application/json', 'a"b\\c\nd', JSON.stringify({ key: 'a"b\\c\nd' })],
    ['key=%s&d=%d', 'application/x-www-form-urlencoded', 'a&b=c@d', 'key=a%26b%3Dc%40d&d=d'],
    ['{"d":"%d"}', 'application/json', 'bare', undefined],
  ] as const) {
    server.requests.length = 0
    const { table } = await open({ url: `${server.origin}/q`, method: 'POST', body, contentType })
    await get(table, key)
    assert.equal(
      server.requests.map((r) => r.body),
      want === undefined ? [] : [want],
    )
    if (want !== undefined) assert.is(server.requests[0]!.headers['content-type'], contentType)
    await table.close!()
  }
  await server.stop()
})
test('headers and a secret', async () => {
  const options = { bearer: 'geheim', headers: { 'X-Who': 'postern' } }
  const { server, table, end } = await pair((_seen, response) => void response.writeHead(500).end(), options)
  const got = await get(table, 'a')
  const { headers } = server.requests[0]!
  assert.equal([headers.authorization, headers['x-who']], ['Bearer geheim', 'postern'])
  const problem = await table.check!()
  assert.not.match(JSON.stringify([got, problem, table.stats!()]), /geheim/)
  await end()
})
/** name, what the server does, what is said of it */
const hostile: [string, Answer, RegExp][] = [
  ['closes', (_s, _r, socket) => void socket.end(), /socket hang up|ECONNRESET/],
  ['resets', (_s, _r, socket) => void socket.resetAndDestroy(), /ECONNRESET|hang up/],
  ['says nothing', () => undefined, /no answer within 0.5 s/],
  ['half a head', (_s, _r, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-'), /no answer within/],
  [
    'half a body',
    (_s, _r, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"va'),
    /aborted|closed/,
  ],
  ['no HTTP', (_s, _r, socket) => void socket.end('220 mail.example ESMTP\r\n'), /Parse Error/],
  [
    'a head without an end',
    (_s, _r, socket) => void socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`),
    /Header overflow/i,
  ],
  ['a byte at a time, too slowly', (_s, response) => drip(response, '"value"', 150), /no answer within/],
  ['a body without an end', (_s, response) => void response.write('x'.repeat(300_000)), /more than 102400/],
  ['encoded', (_s, response) => json(response, 'value', { 'content-encoding': 'gzip' }), /encodes its answer/],
]
function drip(to: { write(text: string): unknown; destroyed: boolean }, text: string, ms: number) {
  ;[...text].forEach((c, i) => setTimeout(() => to.destroyed || to.write(c), i * ms))
}
test(`hostile servers: ${hostile.map(([name]) => name).join('; ')}`, async () => {
  const one = async ([name, answer, cause]: (typeof hostile)[number]) => {
    const { server, table, end } = await pair(answer, { timeout: 0.5, path: 'mail.box' })
    const got = await get(table, 'joe@a.example')
    assert.is(got.kind, 'failed', name)
    assert.match((got as { cause: string }).cause, cause)
    server.answer = data
    await until(`found after: ${name}`, async () => (await get(table, 'joe@a.example')).kind === 'found')
    await end()
  }
  await Promise.all(hostile.map(one))
})
test('connections are kept and bounded, and each gets its own answer', async () => {
  const answer: Answer = (seen, response) => void setTimeout(() => json(response, seen.url), 5)
  const { server, table, end } = await pair(answer, { connections: 3 })
  const keys = Array.from({ length: 60 }, (_, i) => `k${i}`)
  const answers = await Promise.all(keys.map((key) => get(table, key)))
  assert.equal(
    answers,
    keys.map((key) => found(`/q?key=${key}`)),
  )
  assert.equal([server.most, server.made], [3, 3])
  await end()
})
test('a connection that the server has closed meanwhile costs no lookup', async () => {
  const { server, table, told, end } = await pair((seen, response) => json(response, seen.url))
  await get(table, 'a')
  let closing = 1
  server.answer = (seen, response, socket) => (closing-- > 0 ? void socket.destroy() : json(response, seen.url))
  assert.equal(await get(table, 'b'), found('/q?key=b'))
  assert.equal(told, [])
  await end()
})
test('down and up are told once, and back without a restart', async () => {
  const { server, table, told, end } = await pair((_seen, response) => json(response, 'value'))
  await get(table, 'a')
  await server.stop()
  for (let i = 0; i < 20; i++) assert.is((await get(table, 'a')).kind, 'failed')
  assert.match(String(await table.check!()), /^http:\/\/127.0.0.1:\d+: .*(ECONNREFUSED|ECONNRESET|hang up)/)
  await server.start()
  await until('answers again', async () => (await get(table, 'b')).kind === 'found')
  assert.is(await table.check!(), undefined)
  assert.equal(told, [`table.down ${server.origin}`, `table.up ${server.origin}`])
  await end()
})
test('callers go: in flight, in the queue, too late', async () => {
  const answer: Answer = (seen, response) => void setTimeout(() => json(response, seen.url), 150)
  const { table, told, end } = await pair(answer, { connections: 1 })
  const [first, queued] = [fakeCall(), fakeCall()]
  const answers = [table.get('first', first), table.get('queued', queued), table.get('stays', fakeCall())]
  await sleep(20)
  queued.abort(new Error('bye'))
  first.abort(new Error('bye'))
  const [a, b, c] = await within('all', Promise.all(answers as Promise<Lookup>[]), 3000)
  assert.equal([a!.kind, b!.kind, c], ['failed', 'failed', found('/q?key=stays')])
  assert.match((a as { cause: string }).cause, /the lookup was ended: bye/)
  assert.is((await table.get('late', fakeCall({ deadline: systemClock.now() - 10 }))).kind, 'failed')
  assert.equal(told, [], 'that a caller goes says nothing of the server')
  await end()
})
test('closed while lookups wait', async () => {
  const { table, end } = await pair(() => undefined, { connections: 1 })
  const answers = ['a', 'b', 'c'].map((key) => get(table, key))
  await sleep(50)
  await table.close!()
  for (const answer of await Promise.all(answers)) assert.is(answer.kind, 'failed')
  assert.is((await get(table, 'd')).kind, 'failed')
  await end()
})
test('redirects: on the same server, as many as said', async () => {
  const other = await new TestServer((_seen, response) => json(response, 'stolen')).start()
  const to: Record<string, string> = {
    '/q?key=one': '/r?x=1',
    '/q?key=two': 'q?key=one',
    '/q?key=loop': '/q?key=loop',
    '/q?key=far': `${other.origin}/`,
    '/q?key=bad': 'http://[',
  }
  const answer: Answer = (seen, response) =>
    seen.url in to ? void response.writeHead(301, { location: to[seen.url]! }).end() : json(response, seen.url)
  const { table, server, end } = await pair(answer, { redirects: 2, bearer: 'geheim' })
  assert.equal(await get(table, 'one'), found('/r?x=1'))
  assert.equal(await get(table, 'two'), found('/r?x=1'))
  for (const key of ['loop', 'far', 'bad'])
    assert.match(((await get(table, key)) as { cause: string }).cause, /not followed/)
  assert.equal(other.requests, [])
  assert.is(server.urls.filter((u) => u === '/q?key=loop').length, 3)
  await end()
  await other.stop()
})
test.run()
