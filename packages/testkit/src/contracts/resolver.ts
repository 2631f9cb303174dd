/** What every resolver must do, against a name server of the test's own. */
import type { Resolver } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fakeCall } from '../call.ts'
import { zone } from '../dns/zone.ts'
import type { Zone } from '../dns/zone.ts'
import { within } from '../wait.ts'

export interface ResolverFixture {
  readonly resolver: Resolver
  close?(): Promise<void> | void
}

const ZONE = `
site.example      MX    20 mx2.site.example
site.example      MX    10 MX1.site.example
mx1.site.example  A     192.0.2.1
mx1.site.example  A     192.0.2.2
mx1.site.example  AAAA  2001:db8::1
null.example      MX    0 .
text.example      TXT   "v=spf1 " "-all"
alias.example     CNAME mx1.site.example
1.2.0.192.in-addr.arpa PTR mx1.site.example
broken.example    SERVFAIL
silent.example    TIMEOUT
`

/** Registers and runs the suite; `make` gets the name server's address, `127.0.0.1:port`. */
export function resolverContract(
  name: string,
  make: (server: string) => ResolverFixture | Promise<ResolverFixture>,
): void {
  const test = suite(`resolver contract: ${name}`)
  const each = (title: string, body: (resolver: Resolver, server: Zone) => Promise<void>) => {
    test(title, async () => {
      const server = await zone(ZONE)
      const fixture = await make(server.address)
      try {
        await body(fixture.resolver, server)
      } finally {
        await fixture.close?.()
        await server.stop()
      }
    })
  }
  const records = async <T>(answer: Promise<{ kind: string; records?: readonly T[] }>) => {
    const a = await answer
    assert.equal(a.kind, 'found', JSON.stringify(a))
    return a.records!
  }
  each('MX records, names in lower case without a final dot', async (r) => {
    const mx = [...(await records(r.mx('site.example', fakeCall())))].sort((a, b) => a.preference - b.preference)
    assert.equal(mx, [
      { preference: 10, exchange: 'mx1.site.example' },
      { preference: 20, exchange: 'mx2.site.example' },
    ])
  })
  each('the null MX is an empty exchange (RFC 7505)', async (r) => {
    assert.equal(await records(r.mx('null.example', fakeCall())), [{ preference: 0, exchange: '' }])
  })
  each('addresses', async (r) => {
    assert.equal([...(await records(r.a('mx1.site.example', fakeCall())))].sort(), ['192.0.2.1', '192.0.2.2'])
    assert.equal(await records(r.aaaa('mx1.site.example', fakeCall())), ['2001:db8::1'])
    assert.equal([...(await records(r.a('alias.example', fakeCall())))].length, 2)
  })
  each('PTR by address, TXT with its strings joined', async (r) => {
    assert.equal(await records(r.ptr('192.0.2.1', fakeCall())), ['mx1.site.example'])
    assert.equal(await records(r.txt('text.example', fakeCall())), ['v=spf1 -all'])
  })
  each('absent: no such name, or no record of the type', async (r) => {
    assert.equal(await r.mx('nowhere.example', fakeCall()), { kind: 'absent', nxdomain: true })
    assert.equal(await r.mx('mx1.site.example', fakeCall()), { kind: 'absent', nxdomain: false })
    assert.equal(await r.aaaa('text.example', fakeCall()), { kind: 'absent', nxdomain: false })
  })
  each('failed: SERVFAIL is not absent', async (r) => {
    assert.equal((await r.mx('broken.example', fakeCall())).kind, 'failed')
    assert.equal((await r.a('broken.example', fakeCall())).kind, 'failed')
  })
  each('failed: a server that says nothing, when the call is aborted', async (r) => {
    const call = fakeCall()
    setTimeout(() => call.abort(new Error('deadline')), 100)
    const asked = r.a('silent.example', call).catch(() => ({ kind: 'failed' }))
    assert.equal((await within('the aborted question', asked, 10_000)).kind, 'failed')
  })
  each('a failure is not remembered as absence', async (r, server) => {
    assert.equal((await r.a('broken.example', fakeCall())).kind, 'failed')
    server.set('broken.example A 192.0.2.9')
    assert.equal(await records(r.a('broken.example', fakeCall())), ['192.0.2.9'])
  })
  test.run()
}
