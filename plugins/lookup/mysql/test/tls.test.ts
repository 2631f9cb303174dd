/** TLS to a real server: whom we trust, who we are, and that nothing goes without it once it is asked for. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missingPrograms, tempFolder } from '@postern/testkit'
import type { TempFolder } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { certificates } from '../../../../packages/lookup-kit/test/support/certificates.ts'
import { postmap } from '../../../../packages/lookup-kit/test/support/postmap.ts'
import { elsewhere } from '../../../../packages/lookup-kit/test/support/elsewhere.ts'
import { startMariaDb } from './mariadb.ts'
import type { MariaDb } from './mariadb.ts'
import { get, PASSWORD, startRig, why as noServer } from './rig.ts'
import type { Options, Rig } from './rig.ts'

const USERS = `
create user tls@'127.0.0.1' identified by '${PASSWORD}' require ssl;
create user cert@'127.0.0.1' identified by '${PASSWORD}' require x509;
grant select on m.* to tls@'127.0.0.1', cert@'127.0.0.1';
flush privileges;
`
/** `Ssl_version,TLSv1.3`; of a connection without TLS `Ssl_version,` is left, whose empty value does not count */
const VERSION = "show status where variable_name = 'Ssl_version' and 'x%s' <> ''"
const TLS = /^Ssl_version,TLSv1\.[23]$/

const test = suite('mysql: TLS')
const why = noServer ?? missingPrograms('openssl')
let files: TempFolder
let rig: Rig
let plain: MariaDb
let far: Awaited<ReturnType<typeof elsewhere>>
if (!why) {
  test.before(async () => {
    files = await tempFolder('mysql-tls')
    certificates(files.path)
    for (const name of ['', 'key.pem']) chmodSync(join(files.path, name), name === '' ? 0o755 : 0o644)
    mkdirSync(at('folder'))
    writeFileSync(at('folder/authority.pem'), readFileSync(at('ca.pem')))
    rig = await startRig(...['cert', 'key', 'ca'].map((name) => `--ssl-${name}=${at(`${name}.pem`)}`))
    rig.db.sql(USERS)
    plain = await startMariaDb('--skip-ssl')
    plain.sql(`create database m; create user tls@'127.0.0.1' identified by '${PASSWORD}'`)
    far = await elsewhere(rig.db.port)
  })
  test.after(async () => {
    await far.close()
    await plain.remove()
    await rig.db.remove()
    await files.remove()
  })
}
const at = (name: string) => join(files.path, name)
const client = () => ({ user: 'cert', tls_cert_file: at('client.pem'), tls_key_file: at('client.key') })

const theirs = existsSync('/usr/lib/postfix/postfix-mysql.so')
/** what is found, or what the failure says */
const CASES: [name: string, options: () => Options, expected: RegExp][] = [
  ['without TLS, nothing of it', () => ({ user: 'p' }), /^Ssl_version$/],
  ['a user who must have TLS, without', () => ({}), /Access denied/],
  ['an authority that is trusted', () => ({ tls_CAfile: at('ca.pem') }), TLS],
  ['a folder of authorities', () => ({ tls_CApath: at('folder') }), TLS],
  ['an authority that did not sign', () => ({ tls_CAfile: at('other-ca.pem') }), /unable to verify|self.signed|issuer/],
  ['its name is right', () => ({ tls_CAfile: at('ca.pem'), tls_verify_cert: 'yes' }), TLS],
  [
    'its name is another one',
    () => ({ tls_CAfile: at('ca.pem'), tls_verify_cert: 'yes', hosts: `${far.host}:${far.port}` }),
    /127\.0\.0\.2|altnames|does not match/,
  ],
  [
    'another name, and nobody asked for it',
    () => ({ tls_CAfile: at('ca.pem'), hosts: `${far.host}:${far.port}` }),
    TLS,
  ],
  ['verified without an authority that knows it', () => ({ tls_verify_cert: 'yes' }), /verify|self.signed|issuer/],
  ['ciphers', () => ({ tls_CAfile: at('ca.pem'), tls_ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }), TLS],
  ['a client certificate', () => ({ tls_CAfile: at('ca.pem'), ...client() }), TLS],
  ['a client certificate that lacks', () => ({ tls_CAfile: at('ca.pem'), user: 'cert' }), /Access denied/],
  [
    'a server without TLS is told nothing',
    () => ({ tls_CAfile: at('ca.pem'), hosts: `127.0.0.1:${plain.port}` }),
    /not support secure connection|SSL/i,
  ],
  ['a file that is not there', () => ({ tls_CAfile: at('nosuch.pem') }), /tls_CAfile: ENOENT/],
  ['a key that is none', () => ({ ...client(), tls_key_file: at('ca.pem') }), /tls_cert_file, tls_key_file: /],
]
for (const [name, options, expected] of CASES)
  (why ? test.skip : test)(name, async () => {
    const all = { user: 'tls', query: VERSION, timeout: '5s', ...options() }
    await rig.with(all, async (table) => {
      const said = await table.check?.()
      const answer = (await get(table, 'k')) ?? '(absent)'
      assert.match(answer, expected, answer)
      // not by the other address, which this process serves; and the folder, whose files Debian's library wants named by hash
      if (theirs && !/another (one|name)|a folder/.test(name)) {
        const value = postmap(`mysql:${rig.file}`, ['k']).get('k')
        assert.is(value, answer.startsWith('! ') ? '(failed)' : answer, 'postmap')
      }
      assert.is(answer.startsWith('! '), !/Ssl/.test(expected.source), answer)
      if (answer.startsWith('! ')) assert.match(said ?? 'no problem', expected)
      assert.not(JSON.stringify([said, answer, rig.events]).includes(PASSWORD))
    })
  })
;(why ? test.skip : test)('the server gets another certificate: not trusted, and then again', async () => {
  await rig.with({ user: 'tls', tls_CAfile: at('ca.pem'), query: VERSION, timeout: '5s' }, async (table) => {
    assert.match((await get(table, 'k'))!, TLS)
    await rig.db.stop()
    const right = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => [name, readFileSync(at(name))] as const)
    certificates(files.path)
    await rig.db.start()
    assert.match((await get(table, 'k'))!, /verify|self.signed|issuer|signature/)
    await rig.db.stop()
    for (const [name, bytes] of right) writeFileSync(at(name), bytes)
    await rig.db.start()
    for (let i = 0; i < 30 && !TLS.test((await get(table, 'k')) ?? ''); i++)
      await new Promise((go) => setTimeout(go, 100))
    assert.match((await get(table, 'k'))!, TLS)
  })
})
test.run()
