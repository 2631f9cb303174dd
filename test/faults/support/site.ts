/** The daemon under test: everything goes to the sink. Its log comes through a pipe, away from the disk under test. */
import type { Config } from '@postern/core'

export interface SiteOptions {
  readonly spool?: string
  /** port of the sink */
  readonly sink: number
  readonly journal?: object
  /** further plugins, and further keys of the top level */
  readonly plugins?: readonly unknown[]
  readonly top?: object
}
export function site(o: SiteOptions): Config {
  return {
    myhostname: 'mail.site.example',
    ...(o.spool && { spool: o.spool }),
    inFlowDelay: 0,
    minimalBackoffTime: '1s',
    maximalBackoffTime: '2s',
    ...o.top,
    plugins: [
      { 'queue-journal': { segmentSize: '1M', bodyThreshold: '64K', queueMinfree: '1M', ...o.journal } },
      { 'ops-log': { format: 'json', level: 'info' } },
      { 'lookup-dns': { servers: ['127.0.0.1:9'], timeout: '1s', tries: 1, hostsFile: '' } },
      { 'listen-smtp': { host: '127.0.0.1', port: 0, smtpdPeernameLookup: false }, as: 'mx' },
      'policy-relay',
      { 'route-classes': { mydestination: [], localTransport: 'smtp', relayhost: `[127.0.0.1]:${o.sink}` } },
      'deliver-smtp',
      'ops-bounce',
      ...(o.plugins ?? []),
    ],
  } as Config
}
