/** What is kept, by RFC 9111. */
import { absent, found } from '@postern/core'
import type { OpenTable } from '@postern/core'
import { fakeCall, fakeClock } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Cache } from '../src/cache.ts'
import { open } from './open.ts'
import { TestServer, json } from './server.ts'

/** headers, seconds for which it is fresh; `undefined`: not kept; 0: kept for asking again */
const rules: [Record<string, string>, number | undefined][] = [
  [{}, undefined],
  [{ etag: '"1"' }, 0],
  [{ 'cache-control': 'max-age=60' }, 60],
  [{ 'cache-control': 'Private, Max-Age=60, must-revalidate' }, 60],
  [{ 'cache-control': 'max-age="60"' }, 60],
  [{ 'cache-control': 's-maxage=60' }, undefined],
  [{ 'cache-control': 'max-age=60', age: '20' }, 40],
  [{ 'cache-control': 'max-age=60', age: '90' }, undefined],
  [{ 'cache-control': 'max-age=60', age: '90', etag: '"1"' }, 0],
  [{ 'cache-control': 'max-age=60, no-store' }, undefined],
  [{ 'cache-control': 'no-store', etag: '"1"' }, undefined],
  [{ 'cache-control': 'max-age=60, no-cache', etag: '"1"' }, 0],
  [{ 'cache-control': 'max-age=60', vary: '*' }, undefined],
  [{ 'cache-control': 'max-age=60', vary: 'Accept' }, 60],
  [{ 'cache-control': 'max-age=99999999' }, 3600],
  [{ 'cache-control': 'max-age=soon' }, undefined],
  [{ 'cache-control': 'max-age=-5' }, undefined],
]
for (const [headers, seconds] of rules) {
  test(`kept for ${seconds}: ${JSON.stringify(headers)}`, () => {
    const clock = fakeClock()
    const cache = new Cache(clock, 10, 3_600_000)
    cache.put('k', found('v'), headers)
    const kept = cache.get('k')
    if (seconds === undefined) return assert.is(kept, undefined)
    assert.is(kept!.until - clock.now(), seconds * 1000)
    assert.is(cache.fresh(kept!), seconds > 0)
    clock.advance(seconds * 1000)
    assert.is(cache.fresh(kept!), false)
  })
}
test('the oldest goes first, and 0 keeps none', () => {
  const cache = new Cache(fakeClock(), 2, 60_000)
  const none = new Cache(fakeClock(), 0, 60_000)
  for (const key of ['a', 'b', 'a', 'c']) {
    cache.put(key, absent(), { etag: '"1"' })
    none.put(key, absent(), { etag: '"1"' })
  }
  assert.equal([cache.size, cache.get('b'), none.size], [2, undefined, 0])
})
const get = async (table: OpenTable, key: string, dry = false) => table.get(key, fakeCall({ dry }))

test('a table asks again when its server says so', async () => {
  let version = 1
  const server = await new TestServer((seen, response) => {
    const key = new URL(seen.url, 'http://x').searchParams.get('key')!
    if (key === 'none') return void response.writeHead(404, { 'cache-control': 'max-age=60' }).end()
    if (key === 'plain') return json(response, `v${version}`)
    if (key === 'fresh') return json(response, `v${version}`, { 'cache-control': 'max-age=60' })
    if (key === 'broken') return json(response, `v${version}`, { 'cache-control': 'max-age=60' }, 500)
    const etag = `"${version}"`
    if (seen.headers['if-none-match'] === etag) return void response.writeHead(304).end()
    json(response, `v${version}`, { etag })
  }).start()
  const { table } = await open({ url: `${server.origin}/?key=%s` })
  const count = (key: string) => server.urls.filter((u) => u === `/?key=${key}`).length
  for (let i = 0; i < 3; i++) {
    assert.equal(await get(table, 'fresh', true), found('v1'))
    assert.is(count('fresh'), i + 1, 'a dry call keeps nothing')
  }
  for (const key of ['fresh', 'fresh', 'plain', 'plain', 'tagged', 'tagged'])
    assert.equal(await get(table, key), found('v1'))
  for (let i = 0; i < 2; i++) assert.equal(await get(table, 'none'), absent())
  for (let i = 0; i < 2; i++) assert.is((await get(table, 'broken')).kind, 'failed')
  assert.equal(['fresh', 'plain', 'tagged', 'none', 'broken'].map(count), [4, 2, 2, 1, 2])
  version = 2
  assert.equal(await get(table, 'fresh'), found('v1'))
  assert.equal([await get(table, 'plain'), await get(table, 'tagged')], [found('v2'), found('v2')])
  const { asked, fromCache, revalidated, cached } = table.stats!()
  assert.equal([asked, fromCache, revalidated, cached], [16, 3, 1, 3])
  await server.stop()
  assert.equal(await get(table, 'fresh'), found('v1'), 'a fresh answer needs no server')
  assert.is((await get(table, 'tagged')).kind, 'failed', 'one that must be asked for is not used unasked')
  await table.close!()
})
test('a POST is never kept', async () => {
  const server = await new TestServer((_s, response) => json(response, 'v', { 'cache-control': 'max-age=60' })).start()
  const { table } = await open({ url: `${server.origin}/`, method: 'POST', body: '"%s"' })
  for (let i = 0; i < 2; i++) await get(table, 'a')
  assert.is(server.requests.length, 2)
  await table.close!()
  await server.stop()
})
test.run()
