/** Definitions: URLs, files, objects; TLS. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { found } from '@postern/core'
import { fakeCall, missingPrograms, tempFolder } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { open } from './open.ts'
import { TestServer, json } from './server.ts'

const folder = await tempFolder()
const at = (name: string) => join(folder.path, name)
test.after(() => folder.remove())

const plain = { url: 'http://127.0.0.1:1/?k=%s' }
const bad: [string | Record<string, unknown>, RegExp][] = [
  [{}, /^http table: url: is missing/],
  [{ url: 'dir.example/%s' }, /^http table: url: expected a URL/],
  [{ url: 'ftp://dir.example/%s' }, /expected a URL of http or https/],
  [{ url: 'http://joe:geheim@dir.example/%s' }, /^http table: url: no user or password may stand in the URL/],
  [{ url: 'http://%d/%u' }, /the key cannot name the server/],
  [{ url: 'http://dir.example/%s#x' }, /a fragment is never sent/],
  [{ url: 'http://dir.example/%x' }, /unknown %x; expected %s/],
  ['//dir.example/%', /unknown %; expected/],
  [{ ...plain, method: 'PUT' }, /^http table: method: /],
  [{ ...plain, method: 'POST' }, /body: is missing for a POST/],
  [{ ...plain, body: '%s' }, /body: only a POST has one/],
  [{ ...plain, headers: { 'a b': 'c' } }, /headers: a name or a value that no header can have/],
  [{ ...plain, headers: { 'Content-Length': '5' } }, /set by the table itself/],
  [{ ...plain, headers: { a: 'geheim\r\nb: c' } }, /headers: a name or a value/],
  [{ ...plain, bearer: 'x', headers: { authorization: 'geheim' } }, /bearer: there is an Authorization header/],
  [{ ...plain, bearrer: 'geheim' }, /unknown option bearrer; did you mean bearer\?/],
  [{ ...plain, missing: 'found' }, /^http table: missing: /],
  [{ ...plain, tlsCaFile: '/no/such/geheim.pem' }, /ENOENT/],
  ['/no/such/file', /ENOENT/],
]
for (const [spec, problem] of bad) {
  test(`bad: ${JSON.stringify(spec)}`, async () => {
    const { table } = await open(spec)
    const what = String(await table.check!())
    assert.match(what, problem)
    if (!what.includes('ENOENT')) assert.not.match(what, /geheim/)
    assert.equal(await table.get('a', fakeCall()), { kind: 'failed', why: 'misconfigured', cause: what })
  })
}
test('a URL and a file', async () => {
  const server = await new TestServer((seen, response) => json(response, { box: seen.url })).start()
  const text = `url = ${server.origin}/f?k=%s\npath = box\nresult_format = <%s>\ndomain = a.example\ntimeout = 5\nquery = x\n`
  writeFileSync(at('dir.cf'), text)
  const { table: file, told } = await open('dir.cf', 'http', folder.path)
  assert.equal(await file.get('joe@a.example', fakeCall()), found('</f?k=joe%40a.example>'))
  assert.is((await file.get('joe@b.example', fakeCall())).kind, 'absent')
  assert.equal(told.length, 1, 'an unknown name is told')
  server.answer = (seen, response) => json(response, seen.url)
  const { table: url } = await open(`//127.0.0.1:${server.port}/u?k=%s`)
  assert.equal(await url.get('A', fakeCall()), found('/u?k=a'))
  await file.close!()
  await url.close!()
  await server.stop()
})
const noOpenssl = missingPrograms('openssl')
function openssl(...args: string[]): void {
  const run = spawnSync('openssl', args, { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(run.stderr)
}
/** a certificate that signs itself */
function certificate(name: string): { key: Buffer; cert: Buffer } {
  const [key, cert] = [at(`${name}.key`), at(`${name}.pem`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:dir.example']
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '2',
    ...subject,
  )
  return { key: readFileSync(key), cert: readFileSync(cert) }
}
;(noOpenssl ? test.skip : test)('TLS: who the server is, and who we are', async () => {
  const own = certificate('server')
  certificate('client')
  const ca = readFileSync(at('client.pem'))
  const server = await new TestServer((_s, response) => json(response, 'value'), {
    ...own,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
  }).start()
  const client = { tlsCertFile: 'client.pem', tlsKeyFile: 'client.key' }
  const url = `https://127.0.0.1:${server.port}/%s`
  const cases: [Record<string, unknown>, RegExp | undefined][] = [
    [{ ...client, tlsCaFile: 'server.pem' }, undefined],
    [{ ...client, tlsCaFile: 'server.pem', tlsServerName: 'dir.example' }, undefined],
    [{ ...client, tlsVerify: 'no' }, undefined],
    [client, /self-signed certificate/],
    [{ ...client, tlsCaFile: 'client.pem' }, /self-signed certificate/],
    [{ ...client, tlsCaFile: 'server.pem', tlsServerName: 'other.example' }, /does not match|altnames/],
    [{ tlsCaFile: 'server.pem' }, /certificate required|ECONNRESET|hang up/],
    [{ ...client, tlsKeyFile: 'server.key', tlsCaFile: 'server.pem' }, /key values mismatch/],
  ]
  for (const [options, problem] of cases) {
    const { table } = await open({ url, ...options }, 'https', folder.path)
    const got = await table.get('a', fakeCall())
    if (problem === undefined) assert.equal(got, found('value'), JSON.stringify(options))
    else assert.match(got.kind === 'failed' ? got.cause : got.kind, problem, JSON.stringify(options))
    await table.close?.()
  }
  const { table } = await open({ url: url.replace('https', 'http') })
  assert.is((await table.get('a', fakeCall())).kind, 'failed', 'no TLS to a server that wants it')
  await table.close?.()
  await server.stop()
})
test.run()
