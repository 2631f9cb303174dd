/** A real Postfix accepts what we relay, and its refusals come back as bounces. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maildir, missingPrograms, startMta, tempFolder } from '@postern/testkit'
import { site } from './support/config.ts'
import { postfixUid, startPostfix } from './support/postfix.ts'

const why = process.getuid?.() === 0 ? missingPrograms('postfix') : 'needs root'

;(why ? test.skip : test)('relayed into a Postfix Maildir, dots and 8-bit bytes and all', async () => {
  const folder = await tempFolder('postern-interop')
  const uid = postfixUid()
  const postfix = await startPostfix((at) => ({
    virtual_mailbox_domains: 'far.example',
    virtual_mailbox_base: join(at, 'mail'),
    virtual_mailbox_maps: 'inline:{ {bob@far.example=bob/}, {eve@far.example=eve/} }',
    virtual_uid_maps: `static:${uid}`,
    virtual_gid_maps: `static:${uid}`,
    virtual_minimum_uid: '1',
  }))
  const mail = join(folder.path, 'mail')
  const mta = await startMta(site({ mail, relayhost: `[127.0.0.1]:${postfix.port}` }))
  try {
    const body =
      Array.from({ length: 2000 }, (_, i) => (i % 3 === 0 ? `.${'.'.repeat(i % 5)} line ${i}` : `grüße ${i}`)).join(
        '\n',
      ) + '\n'
    const d = await mta.dialogue()
    await d.message({
      from: 'rich@site.example',
      to: ['bob@far.example', 'eve@far.example', 'none@far.example'],
      text: `From: rich@site.example\nSubject: relayed\n\n${body}`,
    })
    for (const who of ['bob', 'eve']) {
      const [m] = await maildir(join(postfix.folder, 'mail', who)).waitFor(1, 20_000)
      assert.is(m!.body, body)
    }
    const [bounce] = await maildir(join(mail, 'rich')).waitFor(1)
    assert.is(bounce!.header('Subject'), 'Undelivered Mail Returned to Sender')
    assert.match(bounce!.raw, /Final-Recipient: rfc822; none@far\.example/)
    assert.match(bounce!.raw, /Status: 5\.1\.1/)
    await mta.idle()
  } finally {
    await mta.stop()
    await postfix.stop()
    await folder.remove()
  }
})

test.run()
