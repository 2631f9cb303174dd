/** Real clients deliver to us: swaks, Python's smtplib, curl, and Postfix's own smtp(8). */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialogue, maildir, missingPrograms, startMta, tempFolder } from '@postern/testkit'
import { site } from './support/config.ts'
import { startPostfix } from './support/postfix.ts'
import { run } from './support/run.ts'

const MESSAGE = 'From: a@client.example\r\nTo: rich@site.example\r\nSubject: hello\r\n\r\nhello\r\n.\r\n..two\r\n'

async function withSite(fn: (port: number, mail: string) => Promise<void>): Promise<void> {
  const folder = await tempFolder('postern-interop')
  const mail = join(folder.path, 'mail')
  const mta = await startMta(site({ mail }))
  try {
    await fn(mta.port(), mail)
  } finally {
    await mta.stop()
    await folder.remove()
  }
}
const skipUnless = (...programs: string[]) => (missingPrograms(...programs) ? test.skip : test)

skipUnless('swaks')('swaks', () =>
  withSite(async (port, mail) => {
    const args = [
      '--server',
      `127.0.0.1:${port}`,
      '--from',
      'a@client.example',
      '--to',
      'rich@site.example',
      '--h-Subject',
      'by swaks',
    ]
    const { code, output } = await run('swaks', args)
    assert.is(code, 0, output)
    assert.match(output, /250 2\.0\.0 Ok: queued as \w+/)
    const [m] = await maildir(join(mail, 'rich')).waitFor(1)
    assert.is(m!.header('Subject'), 'by swaks')
  }),
)

skipUnless('python3')('smtplib', () =>
  withSite(async (port, mail) => {
    const script = `import smtplib
s = smtplib.SMTP('127.0.0.1', ${port})
s.ehlo('client.example')
print(sorted(s.esmtp_features))
r = s.sendmail('a@client.example', ['rich@site.example', 'katie@site.example'], 'Subject: by smtplib\\n\\nline\\n.\\n..two\\n', mail_options=['BODY=8BITMIME', 'SIZE=100'], rcpt_options=['NOTIFY=FAILURE'])
print(r)
s.quit()`
    const { code, output } = await run('python3', ['-c', script])
    assert.is(code, 0, output)
    const [m] = await maildir(join(mail, 'katie')).waitFor(1)
    assert.is(m!.body, 'line\n.\n..two\n')
  }),
)

skipUnless('curl')('curl', () =>
  withSite(async (port, mail) => {
    const args = [
      '-sS',
      `smtp://127.0.0.1:${port}/client.example`,
      '--mail-from',
      'a@client.example',
      '--mail-rcpt',
      'rich@site.example',
      '-T',
      '-',
    ]
    const { code, output } = await run('curl', args, MESSAGE)
    assert.is(code, 0, output)
    const [m] = await maildir(join(mail, 'rich')).waitFor(1)
    assert.is(m!.body, 'hello\n.\n..two\n')
  }),
)

const root = process.getuid?.() === 0
;(root ? skipUnless('postfix') : test.skip)("Postfix's smtp(8) delivers to us", () =>
  withSite(async (port, mail) => {
    const postfix = await startPostfix(() => ({ relayhost: `[127.0.0.1]:${port}` }))
    try {
      const d = await dialogue(postfix.port)
      const recipients = ['rich@site.example', 'katie@site.example', 'none@elsewhere.example']
      await d.message({ from: 'a@client.example', to: recipients, text: 'Subject: by postfix\n\nhello\n.\n' })
      const [m] = await maildir(join(mail, 'rich')).waitFor(1, 20_000)
      assert.is(m!.header('Subject'), 'by postfix')
      assert.is((await maildir(join(mail, 'katie')).waitFor(1)).length, 1)
      // 127.0.0.1 is in mynetworks: the third one was accepted too, and waits for a name server
      assert.match(
        await postfix.log(),
        /to=<rich@site\.example>.*dsn=2\.0\.0, status=sent \(250 2\.0\.0 Ok: queued as \w+\)/,
      )
    } finally {
      await postfix.stop()
    }
  }),
)

test.run()
