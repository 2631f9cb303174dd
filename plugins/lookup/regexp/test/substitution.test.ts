/** Tables whose results must not hold what was asked: what a live Postfix 3.7 said of such rules in transport_maps. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import { startMta, tempFolder } from '@postern/testkit'
import { engine, open } from './open.ts'

const NOT_ALLOWED = 'regular expression substitution is not allowed: skipping this rule'
const RULES: [rule: string, problem: string | undefined][] = [
  ['!/a2/ $1', '$number found in negative match replacement text: skipping this rule'],
  ['/zz/ $$x', undefined],
  ['/a4/ ${1}', NOT_ALLOWED],
  ['/(a6/ $1', NOT_ALLOWED],
  ['/(a10)/i $(1)', NOT_ALLOWED],
  ['/a11/z $1', 'unknown regexp option "z": skipping this rule'],
]
for (const notation of ['regexp', 'pcre'])
  for (const [rule, problem] of RULES)
    test(`${notation}: ${rule}`, async () => {
      const t = await open(notation, { rules: rule }, '/', { engine }, { substitution: false })
      assert.equal(t.problems(), problem === undefined ? [] : [`1: ${problem}`])
      assert.equal(await t.get('zz a4 a6 a10'), problem === undefined ? found('$x') : absent())
    })
test('the rules behind one that is left out count', async () => {
  const t = await open('pcre', { rules: '/(a)/ $1\n/a/ b' }, '/', { engine }, { substitution: false })
  assert.equal(await t.get('a'), found('b'))
})

test('one file, two uses: a transport table leaves out what a canonical one takes, inside another table too', async () => {
  const folder = await tempFolder('regexp-substitution')
  writeFileSync(
    join(folder.path, 'rules'),
    '/^(a.*)@far\\.example$/ error:5.1.6 $1\n/^b@far\\.example$/ error:5.1.6 b\n',
  )
  const names = ['regexp:rules', 'unionmap:{regexp:rules}', 'proxy:pcre:rules']
  const mta = await startMta(
    {
      plugins: [
        'queue-journal',
        'lookup-regexp',
        'lookup-compose',
        { 'listen-smtp': { port: 0, smtpdPeernameLookup: false } },
        'route-classes',
        { 'rewrite-generic': { smtpGenericMaps: ['regexp:rules'] } },
        'rewrite-trivial',
        { 'route-transport': { transportMaps: names } },
        'route-verify',
        { 'policy-relay': { mynetworks: ['127.0.0.0/8'] } },
        'lookup-dns',
        'deliver-smtp',
        { 'deliver-maildir': { mailboxBase: 'mail', virtualMailboxMaps: 'static:x' } },
        'lookup-static',
      ],
    },
    { folder: folder.path },
  )
  try {
    const client = await mta.dialogue()
    await client.send('EHLO client.example')
    await client.send('MAIL FROM:<a@b.example>')
    assert.match(await client.send('RCPT TO:<a1@far.example>'), /^250/)
    assert.match(await client.send('RCPT TO:<b@far.example>'), /^550 5\.1\.6/)
    const rules = mta.node
      .status()
      .tables.filter(({ name }) => name === 'regexp:rules')
      .map((t) => t.stats?.rules)
    assert.equal(rules, [2, 1])
  } finally {
    await mta.stop()
    await folder.remove()
  }
})
test.run()
