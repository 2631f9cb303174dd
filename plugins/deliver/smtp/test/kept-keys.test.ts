/** Connections are kept for mail that would be sent over one like it, and for no other. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KeptKeys } from '../src/kept-keys.ts'
import { Nexthops } from '../src/nexthop.ts'
import { peer } from '../src/peer.ts'
import { ANY } from '../src/sources.ts'
import type { Source } from '../src/sources.ts'
import type { TlsDemand } from '../src/tls-policy.ts'

const nexthops = new Nexthops('smtp', 25)
const site = (text: string) => nexthops.sites(text)![0]!
const server = (address: string) => peer('mx.example', address, 25, true)
const other: Source = { 4: ['127.0.0.2'], 6: [], key: ' from 127.0.0.2 ' }
const demand = (tls: 'may' | 'encrypt'): TlsDemand => ({ tls, versions: {}, key: `${tls}   ` })
const may = demand('may')
const encrypt = demand('encrypt')

const CASES = [
  ['the same', 'a.example', ANY, may, true, true],
  ['in capitals', 'A.example', ANY, may, true, true],
  ['equal, and made anew', 'a.example', { ...ANY }, { ...may }, true, true],
  // a server is the same for whatever next hop it was found
  ['another next hop', 'b.example', ANY, may, false, true],
  ['from another address', 'a.example', other, may, false, false],
  ['with TLS', 'a.example', ANY, encrypt, false, false],
] as const

for (const [name, text, source, tls, sameSite, sameServer] of CASES)
  test(name, () => {
    const kept = new KeptKeys()
    const first = kept.of(site('a.example'), ANY, may)
    const [firstSite, firstServer] = [first.site, first.server(server('127.0.0.1'))]
    // asked twice: made, and remembered
    for (let n = 0; n < 2; n++) {
      const keys = kept.of(site(text), source, tls)
      assert.is(keys.site === firstSite, sameSite)
      assert.is(keys.server(server('127.0.0.1')) === firstServer, sameServer)
      assert.is.not(keys.server(server('127.0.0.3')), firstServer)
    }
    assert.is(kept.of(site('a.example'), ANY, may).site, firstSite)
  })

test('a list of next hops is read once', () => {
  assert.is(nexthops.sites('a.example, [b.example]:26'), nexthops.sites('a.example, [b.example]:26'))
  assert.is(nexthops.sites('[a.example'), undefined)
})

test.run()
