/** What dpkg-reconfigure postfix writes in Debian 12 for each answer, without its comments: test/debian/<answer>. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Parameters, problemsIn, readMainCf, readMasterCf } from '@postern/postfix-config'
import { missingPrograms } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { oneBlank, postconf, valuesOf } from './support/postconf.ts'

const FOLDER = fileURLToPath(new URL('debian', import.meta.url))
/** what all of them set, and what each has of its own */
const ALL = [
  ...['alias_database', 'alias_maps', 'append_dot_mydomain', 'biff', 'compatibility_level', 'inet_interfaces'],
  ...['inet_protocols', 'mailbox_size_limit', 'mydestination', 'myhostname', 'mynetworks', 'myorigin'],
  ...['readme_directory', 'recipient_delimiter', 'relayhost', 'smtpd_banner', 'smtpd_relay_restrictions'],
]
const TLS = ['smtp_tls_CApath', 'smtp_tls_security_level', 'smtp_tls_session_cache_database']
const ANSWERS: Record<string, { more?: string[]; values: Record<string, string> }> = {
  'internet-site': {
    values: {
      relayhost: '',
      inet_interfaces: 'all',
      mydestination: 'mail.example.org, example.org, mail.example.org, localhost.example.org, localhost',
    },
  },
  // ssl-cert installed, as it is where apt installs what is recommended
  'internet-site-tls': {
    more: [...TLS, 'smtpd_tls_cert_file', 'smtpd_tls_key_file', 'smtpd_tls_security_level'],
    values: { smtp_tls_session_cache_database: 'btree:/var/lib/postfix/smtp_scache' },
  },
  'internet-with-smarthost': {
    values: {
      relayhost: 'smtp.example.net',
      inet_interfaces: 'all',
      mydestination: 'mail.example.org, mail.example.org, localhost.example.org, localhost',
    },
  },
  'satellite-system': { values: { relayhost: 'smtp.example.net', inet_interfaces: 'loopback-only' } },
  'local-only': {
    more: ['default_transport', 'relay_transport'],
    values: { default_transport: 'error', relay_transport: 'error', inet_interfaces: 'loopback-only' },
  },
}
const SERVICES =
  'smtp/inet pickup cleanup qmgr tlsmgr rewrite bounce defer trace verify flush proxymap proxywrite smtp relay showq error ' +
  'retry discard local virtual lmtp anvil scache postlog/unix-dgram maildrop uucp ifmail bsmtp scalemail-backend mailman'

const test = suite('Debian')
test('every folder has its answer here', () => assert.equal(readdirSync(FOLDER).sort(), Object.keys(ANSWERS).sort()))
for (const [answer, { more = [], values }] of Object.entries(ANSWERS))
  test(answer, async () => {
    const dir = join(FOLDER, answer)
    const [main, master] = [await readMainCf(dir), await readMasterCf(dir)]
    assert.equal(problemsIn(main, master), [])
    assert.equal([...main.last.keys()].sort(), [...ALL, ...more].sort())
    const all = new Parameters(main, [], { services: master.services })
    const common = {
      compatibility_level: '3.6',
      myorigin: '/etc/mailname',
      mydomain: 'example.org',
      append_dot_mydomain: 'no',
    }
    for (const [name, value] of Object.entries({ ...common, ...values })) assert.is(all.get(name), value, name)
    const services = master.services.map(({ name, type }) => (type === 'unix' ? name : `${name}/${type}`))
    assert.equal(services.join(' '), SERVICES)
    if (!missingPrograms('/usr/sbin/postconf'))
      for (const [name, value] of valuesOf(postconf(dir, '-n', '-x'))) assert.is(oneBlank(all.get(name)), value, name)
  })
test.run()
