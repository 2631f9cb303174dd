/** The whole way with the real resolver and a name server. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Lifecycle, Resolver } from '@postern/core'
import { systemClock } from '@postern/core'
import lookupDns from '@postern/lookup-dns'
import { zoneServer } from '../../../lookup/dns/test/zone-server.ts'
import { deliver, rig } from './core.ts'
import { nextHop } from './next-hop.ts'

const dnsError = (name: string, type: string, why: string) =>
  `Host or domain name not found. Name service error for name=${name} type=${type}: ${why}`
const table: [domain: string, outcome: string][] = [
  ['mx.example', 'delivered 2.0.0 250 2.0.0 Ok: taken'],
  ['a.example', 'delivered 2.0.0 250 2.0.0 Ok: taken'],
  ['null.example', 'failed 5.1.0 Domain null.example does not accept mail (nullMX)'],
  ['nowhere.example', `failed 5.4.4 ${dnsError('nowhere.example', 'A', 'Host not found')}`],
  ['servfail.example', `deferred 4.4.3 ${dnsError('servfail.example', 'MX', 'Host not found, try again')}`],
  ['silent.example', `deferred 4.4.3 ${dnsError('silent.example', 'MX', 'Host not found, try again')}`],
  ['half.example', `deferred 4.4.3 ${dnsError('host.half.example', 'A', 'Host not found, try again')}`],
  ['localhost', 'deferred 4.4.1 connect to localhost[127.0.0.1]:PORT: Connection refused'],
]
test('outcomes by domain', async () => {
  const hop = await nextHop()
  const names = await zoneServer({
    'mx.example': [{ mx: [10, 'host.example'] }],
    'host.example': [{ a: '127.0.0.9' }],
    'a.example': [{ a: '127.0.0.9' }],
    'null.example': [{ mx: [0, '.'] }],
    'servfail.example': 'servfail',
    'silent.example': 'drop',
    'half.example': [{ mx: [10, 'host.half.example'] }],
    'host.half.example': 'servfail',
  })
  let resolver: Resolver | undefined
  let hooks: Lifecycle = {}
  const mta = {
    provide: (_: unknown, r: Resolver) => (resolver = r),
    lifecycle: (h: Lifecycle) => (hooks = h),
    clock: systemClock,
    log: console,
    folder: '/',
  }
  const { definition } = lookupDns
  const options = definition.options.parse({ servers: [names.address], timeout: '100ms', tries: 1, hostsFile: '' })
  definition.apply(mta as never, options, {} as never)
  await hooks.start?.(new AbortController().signal)
  const out = rig({ smtpTcpPort: hop.port, inetProtocols: 'ipv4', inetInterfaces: [] }, resolver)
  for (const [domain, expected] of table) {
    const { outcomes } = await deliver(out, { nexthop: domain })
    const { kind, esc, text } = outcomes['x@remote.example']!
    assert.is(`${kind} ${esc} ${text}`, expected.replace('PORT', String(hop.port)), domain)
  }
  await out.stop()
  await hooks.stop?.()
  await names.close()
  await hop.close()
})

test.run()
