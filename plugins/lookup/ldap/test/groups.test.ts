/** From entries to values: groups and their members, URLs, limits; servers that refer to others. Asked of Postfix too. */
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freePort } from '@postern/testkit'
import { open } from './support/open.ts'
import { inParallel, postmapOne } from './support/postmap.ts'
import { missing, slapd } from './support/slapd.ts'
import type { Slapd } from './support/slapd.ts'
import { writeOld } from '../../../../packages/lookup-kit/test/support/old-file.ts'

const BASE = 'dc=example,dc=org'
const person = (uid: string, more = '') =>
  `dn: uid=${uid},ou=people,${BASE}\nobjectClass: inetOrgPerson\nobjectClass: myExtra\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\nmail: ${uid}@example.org\n${more}\n`
const group = (cn: string, ...lines: string[]) =>
  `dn: cn=${cn},${BASE}\nobjectClass: myGroup\ncn: ${cn}\n${lines.map((line) => `${line}\n`).join('')}\n`
const member = (dn: string) => `memberdn: ${dn}`
const people = (uid: string) => member(`uid=${uid},ou=people,${BASE}`)
const inGroup = (cn: string) => member(`cn=${cn},${BASE}`)
const url = (rest: string) => member(`ldap:///ou=people,${BASE}${rest}`)
const deep = Array.from({ length: 30 }, (_v, i) => group(`deep${i}`, inGroup(`deep${i + 1}`), `mail: deep${i}@x`)).join(
  '',
)

const ldif = (port: number) =>
  `dn: ou=people,${BASE}\nobjectClass: organizationalUnit\nou: people\n\n` +
  person('joe', 'mail: joe2@example.org\n') +
  person('ann', 'cn;lang-en: annie\n') +
  person('host', 'maildrop: host@mailhost\n') +
  person('nothing').replace(/mail:.*\n/, '') +
  person('binary', 'blob:: AAEC/w==\n') +
  person('nul', 'description:: Zm9vAGJhcg==\n') +
  group('plain', 'mail: list@example.org', 'mail: two@example.org') +
  group('members', 'mail: list@example.org', people('joe'), people('ann'), people('nothing')) +
  group('gone', people('joe'), people('gone'), people('ann')) +
  group('terminal', 'maildrop: list@lists', 'mail: list@example.org', people('joe')) +
  group('nested', inGroup('members'), people('host'), inGroup('terminal')) +
  group('twice', people('joe'), inGroup('members')) +
  group('loop', 'mail: l@x', inGroup('loop')) +
  group('long-loop', inGroup('long-loop2')) +
  group('long-loop2', inGroup('long-loop')) +
  group('everybody', url('??one?(mail=*)')) +
  group('url-base', member(`ldap:///uid=ann,ou=people,${BASE}`)) +
  group('url-mail', url('?mail?sub?(uid=joe)')) +
  group('url-other', url('?uid,description?sub?(uid=joe)')) +
  group('url-option', url('?mail;lang-en?sub?(uid=joe)')) +
  group('url-host', member(`ldap://nowhere.invalid/ou=people,${BASE}??one?(uid=ann)`)) +
  group('url-bare', member(`URL:ldap:///ou=people,${BASE}?mail?one?(uid=ann)`)) +
  group('url-none', url('?mail?sub?(uid=nobody)')) +
  group('url-gone', member(`ldap:///ou=gone,${BASE}?mail?sub?(uid=joe)`)) +
  group('url-scope', url('?mail?bogus?(uid=joe)')) +
  group('url-filter', url('?mail?sub?(uid=joe')) +
  group('no-name', member('not a name')) +
  group('mixed', 'mailbox: m1@x', 'mailbox: m2@x', 'mail: group@x', people('joe'), url('?mail?sub?(uid=ann)')) +
  group('parts', 'mailbox: @foo', 'mailbox: foo@', 'mailbox: a@b@c', 'mailbox: foo') +
  `dn: ou=aliases,${BASE}\nobjectClass: organizationalUnit\nou: aliases\n\n` +
  `dn: uid=ali,ou=aliases,${BASE}\nobjectClass: alias\nobjectClass: extensibleObject\nuid: ali\naliasedObjectName: uid=ann,ou=people,${BASE}\n\n` +
  deep +
  group('deep30', people('ann')) +
  `dn: ou=far,${BASE}\nobjectClass: referral\nobjectClass: extensibleObject\nou: far\nref: ldap://127.0.0.1:${port}/dc=far,dc=org\n\n`
const FAR = `dn: uid=far,dc=far,dc=org\nobjectClass: inetOrgPerson\nuid: far\ncn: far\nsn: far\nmail: far@example.org\n\n`

const test = suite('ldap: groups')
const why = missing('postmap')
const it = why ? test.skip : test
let server: Slapd
let far: Slapd
test.before(async () => {
  if (why) return
  const port = await freePort()
  server = await slapd({ ldif: ldif(port) })
  far = await slapd({ suffix: 'dc=far,dc=org', ldif: FAR, port })
})
test.after(async () => {
  await server?.close()
  await far?.close()
})

/** What the manual has for groups whose members are names of entries. */
const GROUPS = `query_filter = (cn=%s)
result_attribute = mailbox
special_result_attribute = memberdn
terminal_result_attribute = maildrop
leaf_result_attribute = mail
`
const PLAIN = `query_filter = (cn=%s)\nresult_attribute = mail\nspecial_result_attribute = memberdn\n`
const ALIASED = 'query_filter = (cn=%s)\nresult_attribute = uid\n'
/** key, parameters, value; `undefined`: absent; an expression: failed. `ours`: Postfix answers something else. */
const cases: [string, string, string | undefined | RegExp, 'ours'?][] = [
  ['plain', GROUPS, 'list@example.org,two@example.org'],
  ['members', GROUPS, 'joe@example.org,joe2@example.org,ann@example.org'],
  ['members', PLAIN, 'list@example.org,joe@example.org,joe2@example.org,ann@example.org'],
  ['gone', GROUPS, 'joe@example.org,joe2@example.org,ann@example.org'],
  ['terminal', GROUPS, 'list@lists'],
  ['terminal', PLAIN, 'list@example.org,joe@example.org,joe2@example.org'],
  ['nested', GROUPS, 'joe@example.org,joe2@example.org,ann@example.org,host@mailhost,list@lists'],
  ['twice', GROUPS, 'joe@example.org,joe2@example.org,joe@example.org,joe2@example.org,ann@example.org'],
  ['mixed', GROUPS, 'm1@x,m2@x,joe@example.org,joe2@example.org,ann@example.org'],
  ['mixed', `${GROUPS}result_format = <%u>\n`, '<m1>,<m2>,<joe>,<joe2>,<ann>'],
  ['loop', GROUPS, /memberdn=.* leads to itself/],
  ['long-loop', GROUPS, /leads to itself/],
  [
    'everybody',
    `${GROUPS}terminal_result_attribute =\n`,
    'joe@example.org,joe2@example.org,ann@example.org,host@example.org,binary@example.org,nul@example.org',
  ],
  ['url-base', GROUPS, 'ann@example.org'],
  ['url-mail', GROUPS, 'joe@example.org,joe2@example.org'],
  ['url-other', GROUPS, undefined],
  ['url-option', PLAIN, undefined],
  ['url-host', GROUPS, 'ann@example.org'],
  ['url-bare', GROUPS, 'ann@example.org'],
  ['url-none', GROUPS, undefined],
  ['url-gone', GROUPS, undefined],
  ['url-scope', GROUPS, /unknown scope/],
  ['url-filter', GROUPS, /parenthesis/],
  ['no-name', GROUPS, /invalidDNSyntax/],
  ['deep0', GROUPS, 'ann@example.org'],
  ['deep0', `${GROUPS}recursion_limit = 32\n`, 'ann@example.org'],
  ['deep0', `${GROUPS}recursion_limit = 31\n`, /recursion_limit/],
  ['members', `${GROUPS}expansion_limit = 3\n`, 'joe@example.org,joe2@example.org,ann@example.org'],
  ['members', `${GROUPS}expansion_limit = 2\n`, /more than 2 results/],
  ['everybody', `${GROUPS}size_limit = 2\n`, /sizeLimitExceeded/],
  ['parts', 'query_filter = (cn=%s)\nresult_attribute = mailbox\nresult_format = %u\n', 'foo,a@b,foo'],
  ['parts', 'query_filter = (cn=%s)\nresult_attribute = mailbox\nresult_format = %d\n', 'foo,c'],
  ['@parts', 'query_filter = (cn=parts)\nresult_attribute = mailbox\nresult_format = %u\n', 'foo,a@b,foo'],
  ['@parts', 'query_filter = (cn=parts)\nresult_attribute = mailbox\nresult_format = %U\n', undefined],
  ['parts@', 'query_filter = (cn=parts)\nresult_attribute = mailbox\nresult_format = %D\n', undefined],
  ['ann', 'query_filter = (cn=%s)\nresult_attribute = cn\n', 'ann,annie'],
  ['ann', 'query_filter = (cn=%s)\nresult_attribute = cn;lang-en\n', 'annie'],
  ['ann', 'query_filter = (cn=%s)\nresult_attribute = uid, mail uid\n', 'ann,ann@example.org'],
  ['binary', 'query_filter = (cn=%s)\nresult_attribute = blob\n', /blob of uid=binary.* not text/, 'ours'],
  ['nul', 'query_filter = (cn=%s)\nresult_attribute = description\n', /description of uid=nul.* not text/, 'ours'],
  ...[0, 1, 2, 3].flatMap((mode): [string, string, string | undefined][] => [
    ['ann', `${ALIASED}search_base = ou=aliases,${BASE}\ndereference = ${mode}\n`, mode & 1 ? 'ann' : undefined],
    [
      'ann',
      `${ALIASED}search_base = uid=ali,ou=aliases,${BASE}\ndereference = ${mode}\n`,
      mode & 2 ? 'ann' : undefined,
    ],
  ]),
  ['far', 'query_filter = (cn=%s)\nresult_attribute = uid\n', undefined],
  ['far', 'query_filter = (cn=%s)\nresult_attribute = uid\nchase_referrals = yes\n', 'far'],
  ['ann', 'query_filter = (cn=%s)\nresult_attribute = uid\nchase_referrals = yes\n', 'ann'],
  [
    'far',
    `search_base = ou=far,${BASE}\nquery_filter = (cn=%s)\nresult_attribute = uid\nchase_referrals = yes\n`,
    'far',
  ],
  ['far', `search_base = ou=far,${BASE}\nquery_filter = (cn=%s)\nresult_attribute = uid\n`, /referral \(10\)/],
]
const fileOf = (i: number) => join(server.folder, `${i}.cf`)
let theirs: string[] = []
it('asked of postmap', async () => {
  theirs = await inParallel(cases, ([key, text], i) => {
    const base = text.includes('search_base') ? '' : `search_base = ${BASE}\n`
    writeOld(fileOf(i), `server_host = ${server.url}\nversion = 3\n${base}${text}`)
    return postmapOne(fileOf(i), key)
  })
})
for (const [i, [key, , wanted, ours]] of cases.entries())
  it(`${i}: ${key}`, async () => {
    const t = await open(fileOf(i))
    const answer = await t.ask(key)
    await t.close()
    if (wanted === undefined) assert.equal(answer, { kind: 'absent' })
    else if (wanted instanceof RegExp)
      assert.match(answer.kind === 'failed' ? answer.cause : JSON.stringify(answer), wanted)
    // in which order a server tells many entries is its own affair
    else assert.equal(sorted(answer.kind === 'found' ? answer.value : answer.kind, key), sorted(wanted, key))
    if (!ours) assert.is(theirs[i], answer.kind === 'found' ? answer.value : answer.kind)
  })
const sorted = (value: string, key: string) => (key === 'everybody' ? value.split(',').sort().join() : value)
it('a server that was referred to is away: half an answer is none', async () => {
  const options = {
    serverHost: server.url,
    searchBase: BASE,
    queryFilter: '(uid=%s)',
    resultAttribute: 'mail',
    chaseReferrals: true,
  }
  const t = await open(options)
  assert.equal(await t.ask('far'), { kind: 'found', value: 'far@example.org' })
  await far.kill()
  for (const key of ['far', 'ann']) {
    const answer = await t.ask(key)
    assert.match(answer.kind === 'failed' ? answer.cause : answer.kind, /referral to .*ECONNREFUSED/)
  }
  await far.start()
  assert.equal(await t.ask('far'), { kind: 'found', value: 'far@example.org' })
  await t.close()
})
it('a server that was referred to gets no password', async () => {
  const who = { bindDn: `cn=admin,${BASE}`, bindPw: 'rootpw-of-the-test' }
  const options = { serverHost: server.url, searchBase: BASE, queryFilter: '(uid=%s)', resultAttribute: 'mail', ...who }
  const t = await open({ ...options, chaseReferrals: 'yes' })
  // the other server knows no such name and would refuse it
  assert.equal(await t.ask('far'), { kind: 'found', value: 'far@example.org' })
  await t.close()
})
test.run()
