import { Resolver } from 'node:dns/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolverContract, zone } from '@postern/testkit'
import type { Resolver as PosternResolver } from '@postern/core'

const ZONE = `
# a comment
site.example   MX 10 mx.site.example
site.example   TXT "a" "b"
mx.site.example A 192.0.2.1
mx.site.example AAAA 2001:db8::1:2
www.site.example CNAME mx.site.example
long.example   TXT ${'x'.repeat(300)}
broken.example SERVFAIL
half.example   SERVFAIL MX
half.example   A 192.0.2.3
*.wild.example A 192.0.2.4
site.example   SRV 1 2 587 mx.site.example
`
const client = (address: string) => {
  const r = new Resolver({ timeout: 100, tries: 1 })
  r.setServers([address])
  return r
}
const code = (p: Promise<unknown>) =>
  p.then(
    () => 'answered',
    (e: NodeJS.ErrnoException) => e.code,
  )

test("Node's own resolver understands the answers", async () => {
  const z = await zone(ZONE)
  const r = client(z.address)
  // Node 24 says the type beside
  const mx = (await r.resolveMx('site.example')).map(({ priority, exchange }) => ({ priority, exchange }))
  assert.equal(mx, [{ priority: 10, exchange: 'mx.site.example' }])
  assert.equal(await r.resolveTxt('site.example'), [['a', 'b']])
  assert.equal(await r.resolve4('mx.site.example'), ['192.0.2.1'])
  assert.equal(await r.resolve6('mx.site.example'), ['2001:db8::1:2'])
  assert.equal(await r.resolve4('www.site.example'), ['192.0.2.1'])
  assert.equal(await r.resolve4('a.b.wild.example'), ['192.0.2.4'])
  assert.equal((await r.resolveTxt('long.example'))[0]!.join('').length, 300)
  const [srv] = await r.resolveSrv('site.example')
  assert.equal([srv!.priority, srv!.weight, srv!.port, srv!.name], [1, 2, 587, 'mx.site.example'])
  assert.ok(z.queries.includes('site.example MX'))
  await z.stop()
})

test('absent names, absent types, failures and silence are four things', async () => {
  const z = await zone(`${ZONE}\nsilent.example TIMEOUT`)
  const r = client(z.address)
  assert.is(await code(r.resolve4('nowhere.example')), 'ENOTFOUND')
  assert.is(await code(r.resolve4('site.example')), 'ENODATA')
  assert.is(await code(r.resolve4('example')), 'ENODATA')
  assert.is(await code(r.resolve4('broken.example')), 'ESERVFAIL')
  assert.is(await code(r.resolveMx('half.example')), 'ESERVFAIL')
  assert.is(await code(r.resolve4('half.example')), 'answered')
  assert.is(await code(r.resolve4('silent.example')), 'ETIMEOUT')
  await z.stop()
})

test('the zone can change while the server runs', async () => {
  const z = await zone('')
  const r = client(z.address)
  assert.is(await code(r.resolve4('late.example')), 'ENOTFOUND')
  z.set('late.example A 192.0.2.7')
  assert.equal(await r.resolve4('late.example'), ['192.0.2.7'])
  await z.stop()
})

test('a line that is none is refused with its text', () => {
  return zone('site.example MX10').then(
    () => assert.unreachable(),
    (e: Error) => assert.match(e.message, 'site.example MX10'),
  )
})

test.run()

// the contract suite against the smallest resolver that can keep it
resolverContract('node:dns', (server) => {
  const r = client(server)
  type Ask = <T>(p: Promise<readonly T[]>) => Promise<any>
  const ask: Ask = (p) =>
    p.then(
      (records) => ({ kind: 'found', records }),
      ({ code: c }: NodeJS.ErrnoException) =>
        c === 'ENOTFOUND' || c === 'ENODATA'
          ? { kind: 'absent', nxdomain: c === 'ENOTFOUND' }
          : { kind: 'failed', cause: String(c) },
    )
  const mx = async (domain: string) =>
    (await r.resolveMx(domain)).map((m) => ({ preference: m.priority, exchange: m.exchange.toLowerCase() }))
  const resolver: PosternResolver = {
    mx: (domain) => ask(mx(domain)),
    a: (host) => ask(r.resolve4(host)),
    aaaa: (host) => ask(r.resolve6(host)),
    ptr: (address) => ask(r.reverse(address)),
    txt: (name) => ask(r.resolveTxt(name).then((t) => t.map((s) => s.join('')))),
  }
  return { resolver }
})
