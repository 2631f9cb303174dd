/** Within a whole MTA: who is there gets mail, who is not is refused, and while the directory is away everybody is to come again. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { maildir, startMta, within } from '@postern/testkit'
import { missing, slapd } from './support/slapd.ts'

const test = suite('ldap: in an MTA')
const it = missing() ? test.skip : test
const LDIF =
  'dn: uid=joe,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: joe\ncn: joe\nsn: joe\nmail: joe@vm.example\n\n'

it('found, absent, failed', async () => {
  const server = await slapd({ ldif: LDIF })
  const users = {
    type: 'ldap',
    serverHost: server.url,
    searchBase: 'dc=example,dc=org',
    queryFilter: '(mail=%s)',
    resultAttribute: 'uid',
    resultFormat: 'vm/%s/',
  }
  const mta = await startMta({
    plugins: [
      { 'listen-smtp': { port: 0, smtpdPeernameLookup: false } },
      { 'queue-journal': {} },
      'lookup-ldap',
      'lookup-static',
      {
        'route-classes': {
          mydestination: [],
          defaultTransport: 'maildir',
          relayTransport: 'maildir',
          virtualMailboxDomains: ['vm.example'],
        },
      },
      { 'route-verify': { virtualMailboxMaps: [users] } },
      { 'policy-relay': {} },
      { 'deliver-maildir': { mailboxBase: 'mail', virtualMailboxMaps: users } },
      'ops-bounce',
    ],
  } as never)
  const rcpt = async (to: string): Promise<string> => {
    const d = await mta.dialogue()
    await d.send('EHLO client.example')
    await d.send('MAIL FROM:<a@client.example>')
    const reply = await d.send(`RCPT TO:<${to}>`)
    await d.close()
    return String(reply)
  }
  try {
    const d = await mta.dialogue()
    const replies = await d.message({ from: 'a@client.example', to: ['Joe@vm.example'], text: 'Subject: hi\n\nx\n' })
    await d.close()
    assert.match(replies.at(-1)!, /^250 /)
    await mta.idle()
    const [mail] = await maildir(join(mta.folder, 'mail/vm/joe')).waitFor(1)
    assert.is(mail?.header('subject'), 'hi')
    assert.match(await rcpt('nobody@vm.example'), /^550 5\.1\.1/)
    await server.kill()
    assert.match(await rcpt('joe@vm.example'), /^451 4\.3\.0/)
    assert.match(await rcpt('nobody@vm.example'), /^451 4\.3\.0/)
    await server.start()
    await new Promise((done) => setTimeout(done, 1100))
    assert.match(await rcpt('joe@vm.example'), /^250 /)
    assert.match(await rcpt('nobody@vm.example'), /^550 5\.1\.1/)
  } finally {
    await mta.stop()
    await server.close()
  }
})
for (const frozen of [false, true])
  it(`nothing keeps the process alive after close${frozen ? ', when the server hangs' : ''}`, async () => {
    const server = await slapd({ ldif: LDIF })
    const script = `
      import { open } from ${JSON.stringify(fileURLToPath(new URL('./support/open.ts', import.meta.url)))}
      const t = await open({ serverHost: '${server.url}', searchBase: 'dc=example,dc=org', queryFilter: '(mail=%s)', resultAttribute: 'uid', timeout: 60 })
      console.log((await t.ask('joe@vm.example')).kind)
      process.stdin.once('data', async () => {
        const late = ${frozen} ? t.ask('joe@vm.example') : undefined
        await t.close()
        console.log((await late)?.kind)
        process.stdin.destroy()
      })`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script])
    let out = ''
    child.stderr.on('data', (text: Buffer) => (out += text.toString()))
    try {
      const first = new Promise<void>((done) => child.stdout.on('data', (t: Buffer) => ((out += t.toString()), done())))
      const ended = new Promise((done) => child.once('exit', done))
      await within('the first answer', first, 20_000)
      if (frozen) server.freeze()
      child.stdin.write('go')
      await within(`the end of the process; it said ${out}`, ended, 5000)
      assert.is(out, `found\n${frozen ? 'failed' : 'undefined'}\n`)
    } finally {
      child.kill('SIGKILL')
      await server.close()
    }
  })
test.run()
