/** A site with Maildir boxes and a relay, for tests with real clients and servers. */
import type { Config } from '@postern/core'

export interface SiteOptions {
  /** where everything else goes: `[127.0.0.1]:port` */
  readonly relayhost?: string
  readonly mail: string
  readonly listen?: object
  /** more options of deliver-maildir */
  readonly maildir?: object
}
/** All domains but site.example are somebody else's. */
export function site(o: SiteOptions): Config {
  return {
    myhostname: 'mail.site.example',
    plugins: [
      'queue-journal',
      { 'lookup-dns': { servers: ['127.0.0.1:9'], timeout: '1s', tries: 1 } },
      { 'listen-smtp': { host: '127.0.0.1', port: 0, ...o.listen }, as: 'mx' },
      'policy-relay',
      { 'route-classes': { mydestination: ['site.example'], ...(o.relayhost ? { relayhost: o.relayhost } : {}) } },
      { 'deliver-maildir': { mailboxBase: o.mail, mailboxPath: '%u/', ...o.maildir } },
      'deliver-smtp',
      'ops-bounce',
    ],
  }
}
