/** What tables promise that keep connections to a server of their own protocol, one request after the other. */
import { found, systemClock } from '@postern/core'
import type { Lookup, OpenTable } from '@postern/core'
import { fakeCall, sleep, until, within } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testServer } from './line-server.ts'
import type { Answer, Split, TestServer } from './line-server.ts'
import type { Open } from './open-table.ts'

export interface Protocol {
  readonly type: string
  readonly open: Open
  readonly split: Split
  /** the reply that makes the key its own value */
  said(key: string): string
  /** as in the table's definition */
  server(port: number): string
  /** options that a table needs beside the server */
  readonly more?: Readonly<Record<string, unknown>>
  /** definitions with what is wrong with them, and good ones */
  readonly bad: readonly (readonly [string | Record<string, unknown>, RegExp])[]
  good(port: number): readonly string[]
}
const get = (table: OpenTable, key: string) => within(key, Promise.resolve(table.get(key, fakeCall())), 15_000)
const noneOpen = (server: TestServer) => until('closed', () => server.open === 0, 3000)

function tools({ split, said, open, server: nameOf, more }: Protocol) {
  const echo: Answer = (key, socket) => void socket.write(said(key))
  const later =
    (ms: number): Answer =>
    (key, socket) =>
      void setTimeout(() => socket.destroyed || socket.write(said(key)), ms)
  const pair = async (answer: Answer, options: Record<string, unknown> = {}) => {
    const server = await testServer(split, answer)
    const { table, told } = await open({ server: nameOf(server.port), ...more, ...options })
    const end = async () => {
      await table.close!()
      await server.stop()
    }
    return { server, table, told, end }
  }
  return { echo, later, pair, said, nameOf }
}
export function connectionTests(protocol: Protocol): void {
  kept(protocol)
  ended(protocol)
  test.run()
}
function kept(protocol: Protocol): void {
  const { echo, later, pair, said } = tools(protocol)
  test('a connection is kept', async () => {
    const { server, table, end } = await pair(echo)
    for (const key of ['a', 'b', 'c']) assert.equal(await get(table, key), found(key))
    assert.is(server.made, 1)
    assert.equal(table.stats!(), { asked: 3, failed: 0, connections: 1 })
    await end()
  })
  test('no more than the bound, and each gets its own answer', async () => {
    const { server, table, end } = await pair(later(5), { connections: 3 })
    const keys = Array.from({ length: 60 }, (_, i) => `k${i}`)
    assert.equal(
      await Promise.all(keys.map((key) => get(table, key))),
      keys.map((key) => found(key)),
    )
    assert.equal([server.most, server.made], [3, 3])
    await end()
  })
  test('idle ones are closed', async () => {
    const { server, table, end } = await pair(echo, { maxIdle: '100ms' })
    await get(table, 'a')
    await noneOpen(server)
    assert.equal(await get(table, 'b'), found('b'))
    assert.is(server.made, 2)
    await end()
  })
  test('old ones are not used again', async () => {
    const { server, table, end } = await pair(echo, { maxAge: '50ms' })
    await get(table, 'a')
    await sleep(80)
    assert.equal(await get(table, 'b'), found('b'))
    assert.is(server.made, 2)
    await until('the old one is closed', () => server.open === 1)
    await end()
  })
  test('one that the server has closed meanwhile costs no lookup', async () => {
    const { server, table, told, end } = await pair(echo)
    await Promise.all([get(table, 'a'), get(table, 'b')])
    // closed at the very moment when a request comes
    let closing = 1
    server.answer = (key, socket) => (closing-- > 0 ? void socket.destroy() : echo(key, socket))
    assert.equal(await get(table, 'c'), found('c'))
    await server.stop()
    await server.start()
    assert.equal(await get(table, 'd'), found('d'))
    assert.equal(told, [])
    await end()
  })
  test('a late reply is not taken for the next one', async () => {
    const { server, table, end } = await pair(later(300), { timeout: '200ms', connections: 1 })
    assert.is((await get(table, 'a')).kind, 'failed')
    server.answer = echo
    await until('answers again', async () => {
      const answer = await get(table, 'b')
      if (answer.kind === 'found') assert.is(answer.value, 'b')
      return answer.kind === 'found'
    })
    assert.is(server.made, 2)
    await end()
  })
  test('a request that is never answered gives its place back', async () => {
    const { server, table, end } = await pair(() => undefined, { timeout: '200ms', connections: 1 })
    assert.is((await get(table, 'a')).kind, 'failed')
    await noneOpen(server)
    server.answer = echo
    await until('answers again', async () => (await get(table, 'b')).kind === 'found')
    await end()
  })
  test('what comes unasked ends the connection', async () => {
    const { server, table, end } = await pair((key, socket) => {
      echo(key, socket)
      setTimeout(() => socket.destroyed || socket.write(said('spoofed')), 20)
    })
    assert.equal(await get(table, 'a'), found('a'))
    await noneOpen(server)
    server.answer = (key, socket) => void socket.write(said(key) + said('spoofed'))
    assert.equal(await get(table, 'b'), found('b'))
    server.answer = echo
    assert.equal(await get(table, 'c'), found('c'))
    assert.is(server.made, 3)
    await end()
  })
}
function ended(protocol: Protocol): void {
  const { echo, later, pair, nameOf } = tools(protocol)
  test('callers go: in flight, in the queue, too late', async () => {
    const { server, table, told, end } = await pair(later(150), { connections: 1 })
    const [first, queued] = [fakeCall(), fakeCall()]
    const answers = [table.get('first', first), table.get('queued', queued), table.get('stays', fakeCall())]
    await sleep(20)
    queued.abort(new Error('bye'))
    first.abort(new Error('bye'))
    const [a, b, c] = await within('all', Promise.all(answers as Promise<Lookup>[]), 2000)
    assert.equal([a!.kind, b!.kind, c], ['failed', 'failed', found('stays')])
    assert.match((a as { cause: string }).cause, /the lookup was ended: bye/)
    assert.is((await table.get('late', fakeCall({ deadline: systemClock.now() - 1 }))).kind, 'failed')
    assert.equal(server.requests, ['first', 'stays'])
    assert.equal(told, [], 'that a caller goes says nothing of the server')
    await end()
  })
  test('down and up are told once', async () => {
    const { server, table, told, end } = await pair(echo)
    await get(table, 'a')
    await server.stop()
    for (let i = 0; i < 20; i++) assert.is((await get(table, 'a')).kind, 'failed')
    await server.start()
    await until('answers again', async () => (await get(table, 'b')).kind === 'found')
    const name = nameOf(server.port)
    assert.equal(told, [`table.down ${name}`, `table.up ${name}`])
    await end()
  })
  test('away at the start: told, not fatal', async () => {
    const { server, table, end } = await pair(echo)
    await server.stop()
    assert.match(String(await table.check!()), new RegExp(`^${protocol.type}:.*: connect ECONNREFUSED`))
    await server.start()
    await until('answers', async () => (await get(table, 'b')).kind === 'found')
    await end()
  })
  test('closed while lookups wait', async () => {
    const { table, end } = await pair(() => undefined, { connections: 1 })
    const answers = ['a', 'b', 'c'].map((key) => get(table, key))
    await sleep(20)
    await table.close!()
    for (const answer of await Promise.all(answers)) assert.is(answer.kind, 'failed')
    assert.is((await get(table, 'd')).kind, 'failed')
    await end()
  })
  for (const [spec, problem] of protocol.bad) {
    test(`definition: ${JSON.stringify(spec)}`, async () => {
      const { table } = await protocol.open(spec)
      const what = String(await table.check!())
      assert.match(what, problem)
      assert.equal(await table.get('a', fakeCall()), { kind: 'failed', why: 'misconfigured', cause: what })
    })
  }
  test('definitions that are good', async () => {
    const server = await testServer(protocol.split, echo)
    for (const spec of protocol.good(server.port)) {
      const { table } = await protocol.open(spec)
      assert.equal(await get(table, 'a'), found('a'), spec)
      await table.close!()
    }
    await server.stop()
  })
}
