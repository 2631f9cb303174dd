/** STARTTLS and TLS from the first byte, with a certificate made for the occasion. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Client, EOF } from './support/client.ts'
import { run } from './support/host.ts'
import type { Running } from './support/host.ts'
import { ehlo } from './support/postfix.ts'

const folder = mkdtempSync(join(tmpdir(), 'listen-smtp-'))
const files = { tlsCertFile: join(folder, 'cert.pem'), tlsKeyFile: join(folder, 'key.pem') }
test.before(() => {
  const subject = ['-subj', '/CN=mail.postern.example', '-days', '2', '-nodes']
  const out = ['-keyout', files.tlsKeyFile, '-out', files.tlsCertFile]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, ...out], { stdio: 'ignore' })
})
test.after(() => rmSync(folder, { recursive: true }))

const using = async (options: object, body: (server: Running, client: Client) => Promise<void>) => {
  const server = await run({ ...files, ...options })
  const client = await Client.open(server.port)
  try {
    await body(server, client)
  } finally {
    client.destroy()
    await server.stop()
  }
}
const PLAIN = ehlo([
  'PIPELINING',
  'SIZE 10240000',
  'VRFY',
  'ETRN',
  'STARTTLS',
  'ENHANCEDSTATUSCODES',
  '8BITMIME',
  'DSN',
  'SMTPUTF8',
  'CHUNKING',
])

test('STARTTLS: offered, taken, not offered again; what was said before is forgotten', () =>
  using({}, async (server, client) => {
    await client.reply()
    assert.is(await client.say('EHLO c.example'), PLAIN)
    assert.is(await client.say('STARTTLS now'), '501 5.5.4 Syntax: STARTTLS')
    assert.is(await client.say('MAIL FROM:<a@b.example>'), '250 2.1.0 Ok')
    assert.is(await client.say('STARTTLS'), '220 2.0.0 Ready to start TLS')
    await client.startTls()
    assert.is(await client.say('RCPT TO:<rich@postern.example>'), '503 5.5.1 Error: need MAIL command')
    assert.is(await client.say('EHLO c.example'), ehlo())
    assert.is(await client.say('STARTTLS'), '554 5.5.1 Error: TLS already active')
    client.raw('MAIL FROM:<a@b.example>\r\nRCPT TO:<rich@postern.example>\r\nDATA\r\n')
    for (const code of ['250', '250', '354']) assert.match(await client.reply(), new RegExp(`^${code}`))
    assert.is(await client.say('over tls\r\n.'), '250 2.0.0 Ok: queued as QID')
    assert.is(await client.say('QUIT'), '221 2.0.0 Bye')
    assert.is(server.fake.messages[0]!.content, 'over tls\r\n')
    assert.match(server.fake.events.join(), /EHLO c\.example,secured TLSv1\.3/)
  }))

test('commands injected behind STARTTLS in plain text are never run', () =>
  using({}, async (server, client) => {
    await client.reply()
    client.raw('STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@b.example>\r\nRSE')
    assert.is(await client.reply(), '220 2.0.0 Ready to start TLS')
    await client.startTls()
    assert.is(await client.say('NOOP'), '250 2.0.0 Ok')
    assert.is(await client.say('RCPT TO:<x@b.example>'), '503 5.5.1 Error: need MAIL command')
    assert.is(client.left, '')
    assert.is(
      server.fake.events.some((e) => e.includes('evil')),
      false,
    )
  }))

test('a client that closes its side instead of a handshake is let go at once', () =>
  using({}, async (_server, client) => {
    await client.reply()
    client.raw('STARTTLS\r\n')
    client.half()
    assert.is(await client.reply(), '220 2.0.0 Ready to start TLS')
    assert.is(await client.reply(), EOF)
  }))
test('... or later', () =>
  using({}, async (_server, client) => {
    await client.reply()
    assert.is(await client.say('STARTTLS'), '220 2.0.0 Ready to start TLS')
    client.half()
    assert.is(await client.reply(), EOF)
  }))

test('encrypt: nothing but STARTTLS before TLS', () =>
  using({ smtpdTlsSecurityLevel: 'encrypt' }, async (_server, client) => {
    await client.reply()
    assert.is(await client.say('EHLO c.example'), PLAIN)
    for (const line of ['MAIL FROM:<a@b.example>', 'VRFY rich', 'RSET', 'ETRN x.example'])
      assert.is(await client.say(line), '530 5.7.0 Must issue a STARTTLS command first')
    assert.is(await client.say('FOO'), '500 5.5.2 Error: command not recognized')
    assert.is(await client.say('NOOP'), '250 2.0.0 Ok')
    assert.is(await client.say('STARTTLS'), '220 2.0.0 Ready to start TLS')
    await client.startTls()
    assert.is(await client.say('MAIL FROM:<a@b.example>'), '250 2.1.0 Ok')
  }))

test('wrapper mode: TLS before the greeting', () =>
  using({ tlsWrapperMode: true }, async (server, client) => {
    await client.startTls()
    assert.is(await client.reply(), '220 mail.postern.example ESMTP Postfix')
    assert.is(await client.say('EHLO c.example'), ehlo())
    assert.is(server.fake.opened[0]!.tls?.protocol, 'TLSv1.3')
  }))

test('security level none: a certificate is not offered', () =>
  using({ smtpdTlsSecurityLevel: 'none' }, async (_server, client) => {
    await client.reply()
    assert.is(await client.say('EHLO c.example'), ehlo())
    assert.is(await client.say('STARTTLS'), '502 5.5.1 Error: command not implemented')
  }))

test('the handshake has its time, the dialogue behind it its own', () =>
  using({ smtpdTimeout: '300ms' }, async (_server, client) => {
    await client.reply()
    await client.say('STARTTLS')
    await client.startTls()
    assert.is(await client.say('NOOP'), '250 2.0.0 Ok')
    assert.is(await client.reply(), '421 4.4.2 mail.postern.example Error: timeout exceeded')
    assert.is(await client.reply(), EOF)
  }))
test('a handshake that never comes is not waited for', () =>
  using({ smtpdStarttlsTimeout: '200ms', tlsWrapperMode: true }, async (_server, client) => {
    assert.is(await client.reply(), EOF)
  }))

test('garbage instead of a handshake ends that session and nothing else', () =>
  using({}, async (server, client) => {
    await client.reply()
    const rude = connect(server.port, '127.0.0.1')
    rude.on('error', () => undefined)
    rude.write('STARTTLS\r\n')
    setTimeout(() => rude.write('this is not a handshake\r\n'), 50)
    await new Promise<void>((done) => rude.once('close', () => done()).resume())
    assert.is(await client.say('NOOP'), '250 2.0.0 Ok')
  }))

test('without a certificate encrypt and wrapper mode do not start', async () => {
  for (const options of [{ smtpdTlsSecurityLevel: 'encrypt' }, { tlsWrapperMode: true }]) {
    const error = await run(options).then(
      () => undefined,
      (e: Error) => e,
    )
    assert.match(error?.message ?? '', /need tlsCertFile/)
  }
})

test('an unreadable certificate stops the start and is named', async () => {
  const error = await run({ tlsCertFile: '/nonexistent/cert.pem' }).then(
    () => undefined,
    (e: Error) => e,
  )
  assert.match(error?.message ?? '', /nonexistent\/cert\.pem/)
})

test.run()
