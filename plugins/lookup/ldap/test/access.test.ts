/** Who may ask, and over what: binds, SASL, TLS, the local socket; and that no password is told to anybody. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { open } from './support/open.ts'
import { missing, slapd } from './support/slapd.ts'
import type { Slapd } from './support/slapd.ts'

const PASSWORD = 'correct-horse'
const LDIF = `dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: uid=joe,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: joe
cn: joe
sn: joe
userPassword: ${PASSWORD}

dn: ou=private,dc=example,dc=org
objectClass: organizationalUnit
ou: private

dn: uid=secret,ou=private,dc=example,dc=org
objectClass: inetOrgPerson
uid: secret
cn: secret
sn: secret
mail: secret@example.org
`
const DN = 'uid=joe,ou=people,dc=example,dc=org'
const FOUND = { kind: 'found', value: 'secret' }

const test = suite('ldap: access')
const why = missing()
let server: Slapd
test.before(async () => {
  // who comes by the socket as root, or with the client's certificate, is joe
  const config = `authz-regexp "gidNumber=.*,cn=peercred,cn=external,cn=auth" "${DN}"\nauthz-regexp "cn=table" "${DN}"`
  if (!why) server = await slapd({ ldif: LDIF, config })
})
test.after(() => server?.close())
const it = why ? test.skip : test

const table = (more: object) =>
  open({
    serverHost: server.url,
    searchBase: 'dc=example,dc=org',
    queryFilter: '(mail=%s)',
    resultAttribute: 'uid',
    timeout: 3,
    ...more,
  })
/** title, options, what must come out: found, absent, or what the failure says */
const cases: [string, (s: Slapd) => object, 'found' | 'absent' | RegExp][] = [
  ['nobody sees what only users may', () => ({}), 'absent'],
  ['no bind', () => ({ bind: 'no' }), 'absent'],
  ['a simple bind', () => ({ bindDn: DN, bindPw: PASSWORD }), 'found'],
  [
    'a wrong password',
    () => ({ bindDn: DN, bindPw: 'wrong-donkey' }),
    /^ldap table at test: bind as uid=joe.*invalidCredentials/,
  ],
  ['a name without a password', () => ({ bindDn: DN }), /unwillingToPerform/],
  ['an unknown name', () => ({ bindDn: 'uid=x,dc=example,dc=org', bindPw: PASSWORD }), /invalidCredentials/],
  ['version 2, which slapd refuses', () => ({ version: 2, bindDn: DN, bindPw: PASSWORD }), /protocolError/],
  ...[
    'PLAIN',
    'CRAM-MD5',
    'DIGEST-MD5',
    'SCRAM-SHA-1',
    'SCRAM-SHA-256',
    'SCRAM-SHA-512',
    '',
    'PLAIN DIGEST-MD5',
  ].flatMap((saslMechs): [string, (s: Slapd) => object, 'found' | RegExp][] => [
    [`sasl ${saslMechs || 'any'}`, () => ({ bind: 'sasl', saslMechs, bindDn: 'joe', bindPw: PASSWORD }), 'found'],
    [
      `sasl ${saslMechs || 'any'}, a wrong password`,
      () => ({ bind: 'sasl', saslMechs, bindDn: 'joe', bindPw: 'wrong-donkey' }),
      /bind with .*invalidCredentials/,
    ],
  ]),
  ['EXTERNAL by the socket', (s) => ({ serverHost: s.socketUrl, bind: 'sasl', saslMechs: 'EXTERNAL' }), 'found'],
  ['the socket without a bind', (s) => ({ serverHost: s.socketUrl }), 'absent'],
  ['EXTERNAL where it is not offered', () => ({ bind: 'sasl', saslMechs: 'EXTERNAL' }), /offers .*SCRAM.*not EXTERNAL/],
  [
    'a mechanism that there is not',
    () => ({ bind: 'sasl', saslMechs: 'GSSAPI' }),
    /saslMechs: GSSAPI needs Kerberos, which is not possible here; there are EXTERNAL/,
  ],
  [
    'to act as another',
    () => ({ bind: 'sasl', saslMechs: 'PLAIN', bindDn: 'joe', bindPw: PASSWORD, saslAuthzId: 'u:ann' }),
    /bind with PLAIN/,
  ],
  ['a security layer', () => ({ bind: 'sasl', saslMinssf: 56 }), /saslMinssf: .*no security layer/],
  ['ldaps, anything goes', (s) => ({ serverHost: s.tlsUrl, bindDn: DN, bindPw: PASSWORD }), 'found'],
  [
    'ldaps, checked',
    (s) => ({ serverHost: s.tlsUrl, tlsRequireCert: 'yes', tlsCaCertFile: s.ca, bindDn: DN, bindPw: PASSWORD }),
    'found',
  ],
  [
    'ldaps, by name',
    (s) => ({
      serverHost: s.tlsUrl.replace('127.0.0.1', 'localhost'),
      tlsRequireCert: true,
      tlsCaCertFile: s.ca,
      bindDn: DN,
      bindPw: PASSWORD,
    }),
    'found',
  ],
  [
    'ldaps, an authority that nobody knows',
    (s) => ({ serverHost: s.tlsUrl, tlsRequireCert: true }),
    /self-signed|issuer|verify/,
  ],
  [
    'ldaps, another name',
    (s) => ({ serverHost: s.tlsUrl.replace('127.0.0.1', '127.0.0.2'), tlsRequireCert: true, tlsCaCertFile: s.ca }),
    /ECONNREFUSED|IP: 127\.0\.0\.2/,
  ],
  ['StartTLS', () => ({ startTls: 'yes', bindDn: DN, bindPw: PASSWORD }), 'found'],
  [
    'StartTLS, checked',
    (s) => ({
      startTls: true,
      tlsRequireCert: true,
      tlsCaCertDir: join(s.folder, 'authorities'),
      bindDn: DN,
      bindPw: PASSWORD,
    }),
    'found',
  ],
  [
    'StartTLS, an authority that nobody knows',
    () => ({ startTls: true, tlsRequireCert: true }),
    /self-signed|issuer|verify/,
  ],
  ['StartTLS on ldaps', (s) => ({ serverHost: s.tlsUrl, startTls: true }), /exclude each other/],
  [
    'EXTERNAL by a certificate',
    (s) => ({
      startTls: true,
      tlsCert: join(s.folder, 'client.pem'),
      tlsKey: join(s.folder, 'client.key'),
      bind: 'sasl',
      saslMechs: 'EXTERNAL',
    }),
    'found',
  ],
  [
    'a key that fits not',
    (s) => ({ startTls: true, tlsCert: join(s.folder, 'client.pem'), tlsKey: join(s.folder, 'key.pem') }),
    /tls_cert, tls_key: .*mismatch/,
  ],
  ['no such file', (s) => ({ startTls: true, tlsCaCertFile: join(s.folder, 'none.pem') }), /tls_ca_cert_file: ENOENT/],
  [
    'no certificates in the folder',
    (s) => ({ startTls: true, tlsCaCertDir: join(s.folder, 'db') }),
    /tls_ca_cert_dir: no certificates/,
  ],
  ['ciphers', () => ({ startTls: true, tlsCipherSuite: 'ECDHE+AESGCM', bindDn: DN, bindPw: PASSWORD }), 'found'],
  ['no such ciphers', () => ({ startTls: true, tlsCipherSuite: 'BOGUS' }), /tls_cipher_suite: .*no cipher/],
]
for (const [title, options, wanted] of cases)
  it(title, async () => {
    if (title === 'StartTLS, checked') hashed(server)
    const t = await table(options(server))
    try {
      const answer = await t.ask('secret@example.org')
      const problem = await t.check()
      if (wanted === 'found') assert.equal([answer, problem], [FOUND, undefined])
      else if (wanted === 'absent') assert.equal([answer, problem], [{ kind: 'absent' }, undefined])
      else {
        assert.is(answer.kind, 'failed', JSON.stringify(answer))
        if (answer.kind === 'failed') assert.match(answer.cause, wanted)
        assert.match(problem!, wanted)
      }
      const said = JSON.stringify([answer, problem, t.log, t.stats()])
      assert.not.match(said, new RegExp(`${PASSWORD}|wrong-donkey`))
    } finally {
      await t.close()
    }
  })
/** A folder as c_rehash makes it, with something else in it. */
function hashed(s: Slapd): void {
  const dir = join(s.folder, 'authorities')
  mkdirSync(dir, { recursive: true })
  const hash = execFileSync('openssl', ['x509', '-hash', '-noout', '-in', s.ca], { encoding: 'utf8' }).trim()
  copyFileSync(s.ca, join(dir, `${hash}.0`))
  writeFileSync(join(dir, 'README'), 'no certificate')
}
it('a password that stands in a file with a mistake is not told', async () => {
  const file = join(server.folder, 'bad.cf')
  for (const text of [
    `bind_pw = ${PASSWORD}\nserver_host = ${server.url}\n`,
    `search_base = dc=x\nbind_pw = ${PASSWORD}\nscope = everything\n`,
    `search_base = dc=x\nbind_password = ${PASSWORD}\nquery_filter = (mail=%z)\n`,
    `search_base = dc=x\n${PASSWORD}\n`,
  ]) {
    writeFileSync(file, text)
    const t = await open(file)
    const answer = await t.ask('x')
    assert.is(answer.kind, 'failed')
    const said = JSON.stringify([answer, await t.check(), t.log])
    assert.match(said, /bad\.cf/)
    assert.not.match(said, new RegExp(PASSWORD))
  }
})
test.run()
