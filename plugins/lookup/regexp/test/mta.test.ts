/** Patterns in a configuration, asked by a whole MTA. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maildir, startMta, tempFolder } from '@postern/testkit'

test('mailboxes by pattern: accepted, placed by a rule without groups, refused when no rule matches, deferred when one is refused', async () => {
  const folder = await tempFolder('regexp-mta')
  writeFileSync(
    join(folder.path, 'boxes'),
    // virtual(8): an address must not choose its mailbox, so a rule with groups in its result is left out there
    '/^[a-z]+@vm2\\.example$/ vm2/all/\n/^([a-z]+)@(vm[0-9])\\.example$/ ${2}/$1/\nif /^strict/\n/(?=a)/ x\nendif\n',
  )
  const mta = await startMta(
    {
      plugins: [
        'queue-journal',
        'lookup-regexp',
        { 'listen-smtp': { port: 0, smtpdPeernameLookup: false } },
        {
          'route-classes': {
            virtualMailboxDomains: ['vm1.example', 'vm2.example'],
          },
        },
        {
          'route-verify': {
            // a dollar of a pattern is doubled in a configuration, as in main.cf
            virtualMailboxMaps: ['pcre:{ {/^in[.]line@(vm1)\\.example$$/ $$1} }', 'pcre:boxes'],
          },
        },
        'policy-relay',
        'lookup-dns',
        'deliver-smtp',
        { 'deliver-maildir': { mailboxBase: 'mail', virtualMailboxMaps: 'pcre:boxes' } },
      ],
    },
    { folder: folder.path },
  )
  try {
    const client = await mta.dialogue()
    await client.send('EHLO client.example')
    await client.send('MAIL FROM:<a@b.example>')
    assert.match(await client.send('RCPT TO:<Joe@vm2.example>'), /^250/)
    assert.match(await client.send('RCPT TO:<in.line@vm1.example>'), /^250/)
    assert.match(await client.send('RCPT TO:<joe.x@vm2.example>'), /^550/)
    assert.match(await client.send('RCPT TO:<strict.x@vm2.example>'), /^451/)
    assert.match(await client.send('DATA'), /^354/)
    assert.match(await client.data('Subject: x\r\n\r\nbody\r\n'), /^250/)
    await maildir(join(folder.path, 'mail/vm2/all')).waitFor(1)
    assert.match(mta.node.status().tables.find((t) => t.name === 'pcre:boxes')?.problem ?? '', /line 4: the lookahead/)
  } finally {
    await mta.stop()
    await folder.remove()
  }
})
test.run()
