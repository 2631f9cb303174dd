/** The DNS resolver: the core's role `resolver` over c-ares. */
import { promises as dns } from 'node:dns'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { definePlugin, duration, resolver } from '@postern/core'
import { z } from 'zod'
import { Asker, MAX_TTL } from './ask.ts'
import { Cache } from './cache.ts'
import { addHostsFile, Hosts } from './hosts.ts'
import { HostsAndDns } from './resolver.ts'

const address = z.string().refine((a) => isIP(a) !== 0, 'expected an IP address')
const server = z.string().refine((s) => {
  const m = /^(?:\[(.+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(s)
  return isIP(s) !== 0 || (m !== null && isIP(m[1] ?? m[2]!) !== 0)
}, 'expected an IP address, 192.0.2.1:53 or [2001:db8::1]:53')

export default definePlugin({
  name: 'lookup-dns',
  options: z.strictObject({
    servers: z
      .array(server)
      .default([])
      .describe('name servers, `192.0.2.1`, `192.0.2.1:53` or `[2001:db8::1]:53`; empty: those of the system'),
    timeout: duration().default(5000).describe('how long the first try waits for an answer; later tries wait longer'),
    tries: z.number().int().min(1).default(4).describe('how often each name server is asked'),
    cacheSize: z.number().int().nonnegative().default(10_000).describe('answers kept; 0: none'),
    negativeTtl: duration().default(30_000).describe('how long "no such name" and "no such record" are kept'),
    fixedTtl: duration().default(60_000).describe('how long MX, PTR and TXT are kept: their TTL cannot be seen'),
    hosts: z
      .record(z.string(), z.union([address, z.array(address)]))
      .default({ localhost: ['127.0.0.1', '::1'] })
      .describe('names and their addresses that are answered before the hosts file and DNS'),
    hostsFile: z.string().default('/etc/hosts').describe('names answered before DNS, read at start; empty: none'),
  }),
  provides: [resolver],
  apply(mta, options) {
    const asker = new dns.Resolver({ timeout: options.timeout, tries: options.tries })
    if (options.servers.length > 0) asker.setServers(options.servers)
    const hosts = new Hosts()
    for (const [name, addresses] of Object.entries(options.hosts)) {
      for (const a of [addresses].flat()) hosts.add(name, a)
    }
    const cache = new Cache(mta.clock, options.cacheSize)
    const ttls = { negative: options.negativeTtl, fixed: options.fixedTtl, max: MAX_TTL }
    mta.provide(resolver, new HostsAndDns(hosts, cache, new Asker(asker, ttls)))
    mta.lifecycle({
      async start() {
        if (options.hostsFile === '') return
        const file = resolve(mta.folder, options.hostsFile)
        try {
          addHostsFile(hosts, await readFile(file, 'utf8'))
        } catch (e) {
          // as for the C library: without the file, DNS alone answers
          mta.log.warn('dns.hosts.unreadable', { file, error: (e as Error).message })
        }
      },
      stop() {
        asker.cancel()
        cache.clear()
      },
    })
  },
})
