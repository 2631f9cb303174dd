/** The tables of the books, whose parameters stand in main.cf: asked of ours and of `postmap -q`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { open } from './support/open.ts'
import { inParallel, postmapOne } from './support/postmap.ts'
import { missing, slapd } from './support/slapd.ts'
import { writeOld } from '../../../../packages/lookup-kit/test/support/old-file.ts'

const test = suite('ldap: the books')
const it = missing('postmap') ? test.skip : test

/** The books' directory, with the aliases of its users. */
const BOOK = `dn: cn=Administrator,dc=ispnet1,dc=net
objectClass: organizationalRole
cn: Administrator

dn: dc=engineering,dc=ispnet1,dc=net
objectClass: dcObject
objectClass: organization
dc: engineering
o: Engineering

dn: cn=bblum,dc=engineering,dc=ispnet1,dc=net
objectClass: inetOrgPerson
objectClass: inetLocalMailRecipient
objectClass: myExtra
cn: bblum
sn: Blum
mailLocalAddress: Barbara.Blum
mailLocalAddress: barbara
mailRoutingAddress: bblum@meshach.ispnet1.net
mailbox: bblum-archive
status: 'paid'

dn: cn=nwilliams,dc=engineering,dc=ispnet1,dc=net
objectClass: inetOrgPerson
objectClass: inetLocalMailRecipient
objectClass: myExtra
cn: nwilliams
sn: Williams
mailLocalAddress: Nicholas.Williams
mailRoutingAddress: nwilliams@meshach.ispnet1.net
status: 'unpaid'

dn: cn=jim,dc=ispnet1,dc=net
objectClass: myPostfixPerson
cn: jim
sn: Jim
mailacceptinggeneralid: jim.alias
mailacceptinggeneralid: james
maildrop: jim

`
/** lines of main.cf, then key and value */
const books: [string, string, [string, string | undefined][]][] = [
  [
    'the default filter and attribute',
    'myldaptag_search_base = dc=ispnet1, dc=net\n',
    [
      ['jim.alias', 'jim'],
      ['James', 'jim'],
      ['jim', undefined],
      ['barbara', undefined],
    ],
  ],
  [
    'the stock schema',
    'myldaptag_search_base = dc=ispnet1, dc=net\nmyldaptag_query_filter = (mailLocalAddress=%s)\nmyldaptag_result_attribute = mailRoutingAddress\n',
    [
      ['barbara.blum', 'bblum@meshach.ispnet1.net'],
      ['Nicholas.Williams', 'nwilliams@meshach.ispnet1.net'],
      ['jim', undefined],
    ],
  ],
  [
    'only who has paid, several results',
    "myldaptag_search_base = dc=ispnet1, dc=net\nmyldaptag_query_filter = (&(mailLocalAddress=%s)(status='paid'))\nmyldaptag_result_attribute = mailRoutingAddress, mailbox\n",
    [
      ['barbara.blum', 'bblum@meshach.ispnet1.net,bblum-archive'],
      ['nicholas.williams', undefined],
    ],
  ],
]
for (const [title, text, pairs] of books)
  it(`the books: ${title}`, async () => {
    const book = await slapd({ suffix: 'dc=ispnet1,dc=net', ldif: BOOK })
    try {
      const dir = join(book.folder, 'postfix')
      mkdirSync(dir)
      const own = `myldaptag_server_host = localhost\nmyldaptag_server_port = ${book.port}\n${text}`
      writeOld(join(dir, 'main.cf'), `alias_maps = hash:/etc/postfix/aliases, ldap:myldaptag\n${own}`)
      const table = await open('myldaptag', { folder: dir, mainCf: 'main.cf' })
      assert.is(await table.check(), undefined)
      const said = await inParallel(pairs, ([key]) => postmapOne('myldaptag', key, dir))
      for (const [i, [key, value]] of pairs.entries()) {
        assert.equal(await table.ask(key), value === undefined ? { kind: 'absent' } : { kind: 'found', value }, key)
        assert.is(said[i], value ?? 'absent', `postmap: ${key}`)
      }
      assert.equal(table.log, [])
      await table.close()
    } finally {
      await book.close()
    }
  })
it('main.cf without the tag, without the file, with what nobody knows', async () => {
  const server = await slapd()
  const dir = server.folder
  writeFileSync(
    join(dir, 'main.cf'),
    `a_server_host = ${server.url}\na_search_base = dc=example,dc=org\na_cache = yes\na_bogus = 1\n`,
  )
  const told = async (tag: string, mainCf: string) => {
    const t = await open(tag, { folder: dir, mainCf })
    const problem = await t.check()
    await t.close()
    return [problem ?? '', ...t.log].join('\n')
  }
  assert.match(await told('b', 'main.cf'), /main\.cf: there are no parameters b_/)
  assert.match(await told('a', 'none.cf'), /ENOENT/)
  assert.match(
    await told('a', 'main.cf'),
    /line 3: parameter cache has no effect here[^]*line 4: unknown parameter bogus/,
  )
  writeFileSync(join(dir, 'main.cf'), `c_server_host = ${server.url}\n`)
  assert.match(await told('c', 'main.cf'), /main\.cf: c_search_base: is missing/)
  await server.close()
})
test.run()
