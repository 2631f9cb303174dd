/** TLS to a real server by the parameters of a connection URI: sslmode, sslrootcert, sslcert, sslkey. */
import { chmodSync, chownSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { missingPrograms, tempFolder } from '@postern/testkit'
import type { TempFolder } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { certificates } from '../../../../packages/lookup-kit/test/support/certificates.ts'
import { postmap } from '../../../../packages/lookup-kit/test/support/postmap.ts'
import { elsewhere } from '../../../../packages/lookup-kit/test/support/elsewhere.ts'
import { startPostgres } from './postgres.ts'
import type { Postgres } from './postgres.ts'
import { get, PASSWORD, SCHEMA, startRig, why as noServer } from './rig.ts'
import type { Options, Rig } from './rig.ts'

const HBA = `hostnossl all tls 127.0.0.1/32 reject
hostssl all tls 127.0.0.1/32 scram-sha-256
hostssl all cert 127.0.0.1/32 cert
`
const USERS = `create role tls login password '${PASSWORD}'; create role cert login;`
const VERSION = "select coalesce(version, 'none') from pg_stat_ssl where pid = pg_backend_pid() and 'x%s' <> ''"
const TLS = /^TLSv1\.[23]$/

const test = suite('pgsql: TLS')
const why = noServer ?? missingPrograms('openssl')
let files: TempFolder
let rig: Rig
let plain: Postgres
let far: Awaited<ReturnType<typeof elsewhere>>
const at = (name: string) => join(files.path, name)
if (!why) {
  test.before(async () => {
    files = await tempFolder('pgsql-tls')
    certificates(files.path, { client: 'cert' })
    chmodSync(files.path, 0o755)
    const settings = ['ssl=on', ...['cert', 'key', 'ca'].map((name) => `ssl_${name}_file=${at(`${name}.pem`)}`)]
    plain = await startPostgres()
    plain.sql(`${SCHEMA}\ncreate role tls login password '${PASSWORD}'; grant select on aliases to tls;`)
    // the server takes no key that others can read or own
    const owner = statSync(join(plain.folder, 'data')).uid
    if (process.getuid?.() === 0) chownSync(at('key.pem'), owner, -1)
    chmodSync(at('key.pem'), 0o600)
    rig = await startRig({ hba: HBA, settings })
    rig.db.sql(USERS)
    far = await elsewhere(rig.db.port)
  })
  test.after(async () => {
    await far.close()
    await plain.remove()
    await rig.db.remove()
    await files.remove()
  })
}
/** of user `tls`, if it is not said otherwise */
const uri = (query: string, where = `127.0.0.1:${rig.db.port}`, user = `tls:${PASSWORD}`): Options => ({
  hosts: `postgresql://${user}@${where}/m?${query}`,
})
const root = () => `sslrootcert=${at('ca.pem')}`
const client = () => `sslcert=${at('client.pem')}&sslkey=${at('client.key')}`

const theirs = existsSync('/usr/lib/postfix/postfix-pgsql.so')
/** what is found, or what the failure says */
const CASES: [name: string, options: () => Options, expected: RegExp][] = [
  ['a plain host name prefers TLS', () => ({ user: 'tls', password: PASSWORD }), TLS],
  ['disable', () => uri('sslmode=disable'), /rejects connection|no pg_hba/],
  ['prefer', () => uri('sslmode=prefer'), TLS],
  ['require asks for no name', () => uri('sslmode=require'), TLS],
  ['require with a root certificate checks the chain', () => uri(`sslmode=require&${root()}`), TLS],
  [
    'the same, of another authority',
    () => uri(`sslmode=require&sslrootcert=${at('other-ca.pem')}`),
    /verify|self.signed|issuer/,
  ],
  ['verify-ca', () => uri(`sslmode=verify-ca&${root()}`), TLS],
  [
    'verify-ca of another authority',
    () => uri(`sslmode=verify-ca&sslrootcert=${at('other-ca.pem')}`),
    /verify|self.signed|issuer/,
  ],
  ['verify-ca does not look at the name', () => uri(`sslmode=verify-ca&${root()}`, `${far.host}:${far.port}`), TLS],
  ['verify-full', () => uri(`sslmode=verify-full&${root()}`), TLS],
  ['verify-full by name', () => uri(`sslmode=verify-full&${root()}`, `localhost:${rig.db.port}`), TLS],
  [
    'verify-full of another name',
    () => uri(`sslmode=verify-full&${root()}`, `${far.host}:${far.port}`),
    /127\.0\.0\.2|altnames/,
  ],
  ['a client certificate', () => uri(`sslmode=verify-full&${root()}&${client()}`, undefined, 'cert'), TLS],
  ['a client certificate that lacks', () => uri(`sslmode=verify-full&${root()}`, undefined, 'cert'), /certificate/],
  ['a server without TLS, required', () => uri(`sslmode=require`, `127.0.0.1:${plain.port}`), /does not support SSL/],
  [
    'a server without TLS, verified',
    () => uri(`sslmode=verify-ca&${root()}`, `127.0.0.1:${plain.port}`),
    /does not support SSL/,
  ],
  ['a server without TLS, preferred', () => uri(`sslmode=prefer`, `127.0.0.1:${plain.port}`), /^none$/],
  ['a file that is not there', () => uri(`sslmode=verify-ca&sslrootcert=${at('nosuch.pem')}`), /sslrootcert: ENOENT/],
]
for (const [name, options, expected] of CASES)
  (why ? test.skip : test)(name, async () => {
    const none = { user: '', password: '', query: VERSION, timeout: '5s' }
    await rig.with({ ...none, ...options() }, async (table) => {
      const said = await table.check?.()
      const answer = (await get(table, 'k')) ?? '(absent)'
      assert.match(answer, expected, answer)
      // not by the other address, which this process serves
      if (theirs && !/another name|look at the name/.test(name)) {
        const value = postmap(`pgsql:${rig.file}`, ['k']).get('k')
        assert.is(value, answer.startsWith('! ') ? '(failed)' : answer, 'postmap')
      }
      assert.is(answer.startsWith('! '), expected !== TLS && !/none/.test(expected.source), answer)
      if (answer.startsWith('! ')) assert.match(said ?? 'no problem', expected)
      for (const secret of [PASSWORD, readFileSync(at('client.key'), 'latin1')])
        assert.not(JSON.stringify([said, answer, rig.events]).includes(secret))
    })
  })
test.run()
