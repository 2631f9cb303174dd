/** The whole daemon, real users, real files. Needs root; skipped elsewhere. */
import { execFileSync, spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Config } from '@postern/core'
import { startProcess, until } from '@postern/testkit'
import type { MtaProcess } from '@postern/testkit'

const asRoot = process.getuid?.() === 0 && process.platform === 'linux' ? test : test.skip
interface Place {
  readonly folder: string
  readonly user: string
  readonly home: string
  start(options: object, more?: object): Promise<MtaProcess>
}
let serial = 0
async function place(work: (p: Place) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'mbox-'))
  const user = `pnb${process.pid.toString(36)}x${serial++}`
  const home = path.join(folder, user)
  let mta: MtaProcess | undefined
  fs.chmodSync(folder, 0o755)
  try {
    execFileSync('useradd', ['-m', '-U', '-d', home, user], { stdio: 'ignore' })
    const start = async (options: object, more: object = {}) =>
      (mta = await startProcess(
        {
          myhostname: 'mail.here.example',
          spool: path.join(folder, 'spool'),
          recipientDelimiter: '+',
          deliverLockAttempts: 5,
          deliverLockDelay: '200ms',
          minimalBackoffTime: '1s',
          maximalBackoffTime: '1s',
          ...more,
          plugins: [
            { 'ops-log': { format: 'json', level: 'info' } },
            'queue-journal',
            'policy-relay',
            {
              'route-classes': { mydestination: ['here.example'], localTransport: 'local', defaultTransport: 'local' },
            },
            { 'deliver-mbox': options, as: 'local' },
            { 'deliver-maildir': { mailboxBase: path.join(folder, 'unused') } },
            'deliver-smtp',
            'deliver-error',
            'lookup-dns',
            { 'listen-smtp': { port: 0, smtpdPeernameLookup: false } },
          ],
        } as unknown as Config,
        {},
      ))
    await work({ folder, user, home, start })
  } finally {
    await mta?.remove()
    execFileSync('userdel', ['-f', user], { stdio: 'ignore' })
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
async function send(mta: MtaProcess, to: string, bodies: readonly string[]): Promise<void> {
  const d = await mta.dialogue()
  await d.send('EHLO client.example')
  for (const text of bodies) assert.match((await d.message({ from: 'a@b.example', to, text })).at(-1)!, /^250 /)
  await d.close()
}
const read = (file: string) => (fs.existsSync(file) ? fs.readFileSync(file, 'latin1') : '')
const messagesIn = (file: string) =>
  read(file)
    .split(/^(?=From )/m)
    .filter((m) => m !== '')
const events = (mta: MtaProcess, event: string) => mta.log.filter((l) => l.event === event)

asRoot('a message, byte for byte, and the next one behind it', () =>
  place(async ({ user, home, start }) => {
    const mta = await start({ homeMailbox: 'Mailbox' })
    const file = path.join(home, 'Mailbox')
    await send(mta, `${user.toUpperCase()}+x@here.example`, ['Subject: one\n\nFrom me\n>From you\n'])
    await until('the first', () => messagesIn(file).length === 1)
    const text = read(file)
    assert.match(
      text,
      /^From a@b\.example {2}[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\nReturn-Path: <a@b\.example>\n/,
    )
    const to = `${user.toUpperCase()}+x@here.example`
    assert.ok(text.includes(`\nX-Original-To: ${to}\nDelivered-To: ${to}\nReceived: `))
    assert.ok(text.endsWith('Subject: one\n\n>From me\n>From you\n\n'))
    await send(mta, `${user}@here.example`, ['Subject: two\n\nx\n'])
    await until('the second', () => messagesIn(file).length === 2)
    assert.ok(read(file).startsWith(text))
    assert.equal([fs.statSync(file).mode & 0o777, fs.statSync(file).uid], [0o600, fs.statSync(home).uid])
    await send(mta, 'nobody-at-all+x@here.example', ['Subject: three\n\nx\n'])
    await until('the failure', () => events(mta, 'deliver.bounced').length === 1)
    assert.is(events(mta, 'deliver.bounced')[0]!.fields.text, 'unknown user: "nobody-at-all"')
  }),
)
for (const workers of ['1', '2'])
  asRoot(`100 at once into one mailbox: whole messages, nothing between them; workers: ${workers}`, () =>
    place(async ({ folder, user, start }) => {
      const spool = path.join(folder, 'mail')
      fs.mkdirSync(spool)
      fs.chmodSync(spool, 0o1777)
      const mta = await start(
        { mailSpoolDirectory: spool, mailboxDeliveryLock: ['dotlock'] },
        { workers: Number(workers) },
      )
      const body = (n: number) => `Subject: ${n}\n\n${`${n}\n`.repeat(n % 10 === 0 ? 60_000 : 500)}`
      const lots = Array.from({ length: 10 }, (_, lot) => Array.from({ length: 10 }, (_, n) => body(lot * 10 + n)))
      await Promise.all(lots.map((lot) => send(mta, `${user}@here.example`, lot)))
      const file = path.join(spool, user)
      await until('all of them', () => events(mta, 'deliver.sent').length === 100, 60_000)
      const seen = new Set<number>()
      for (const message of messagesIn(file)) {
        const n = Number(/^Subject: (\d+)$/m.exec(message)![1])
        assert.ok(message.endsWith(`Subject: ${n}\n\n${body(n).replace(/^.*\n\n/, '')}\n`), `message ${n}`)
        seen.add(n)
      }
      assert.equal([messagesIn(file).length, seen.size], [100, 100])
      assert.equal(fs.readdirSync(spool), [user])
    }),
  )
asRoot('locked for long: deferred with all that wait, and delivered once it is free', () =>
  place(async ({ user, home, start }) => {
    const mta = await start({ homeMailbox: 'Mailbox' })
    const file = path.join(home, 'Mailbox')
    fs.writeFileSync(`${file}.lock`, '')
    await send(mta, `${user}@here.example`, ['Subject: 1\n\nx\n', 'Subject: 2\n\nx\n', 'Subject: 3\n\nx\n'])
    await until('three deferrals', () => events(mta, 'deliver.deferred').length >= 3)
    const text = `cannot update mailbox ${file} for user ${user}. unable to create lock file ${file}.lock: File exists`
    for (const { fields } of events(mta, 'deliver.deferred')) assert.equal([fields.esc, fields.text], ['4.2.0', text])
    assert.is(read(file), '')
    fs.rmSync(`${file}.lock`)
    await until('all three', () => events(mta, 'deliver.sent').length === 3, 30_000)
    assert.is(messagesIn(file).length, 3)
  }),
)
asRoot(
  'kill -9 of daemon and helper in the middle of a large message: nothing is lost, what was there is untouched',
  () =>
    place(async ({ user, home, start }) => {
      const mta = await start({ homeMailbox: 'Mailbox', mailboxDeliveryLock: ['dotlock'] }, { staleLockTime: '1s' })
      const file = path.join(home, 'Mailbox')
      await send(mta, `${user}@here.example`, ['Subject: first\n\nx\n'])
      // told, so written to its end: what grows then is the next one
      await until('the first', () => events(mta, 'deliver.sent').length === 1)
      const before = read(file)
      const large = `Subject: large\n\n${'0123456789abcdef\n'.repeat(500_000)}`
      // as fast as it can: the moment the mailbox grows
      const children = fs.readFileSync(`/proc/${mta.pid}/task/${mta.pid}/children`, 'utf8').trim().split(' ')
      const reaper = 'my ($f, $n, @p) = @ARGV; 1 while -s $f <= $n; kill 9, @p; syswrite(STDOUT, "killed")'
      const watch = spawn('perl', ['-e', reaper, file, String(before.length), ...children, String(mta.pid)])
      const killed = new Promise((done) => watch.stdout.once('data', done))
      await send(mta, `${user}@here.example`, [large])
      await killed
      await mta.kill()
      const torn = read(file)
      assert.ok(torn.startsWith(before))
      process.stdout.write(
        `# left: ${torn.length - before.length} bytes, ${fs
          .readdirSync(home)
          .filter((n) => n.startsWith('Mailbox'))
          .join(' ')}\n`,
      )
      await mta.start()
      await until('the large one', () => read(file).endsWith('0123456789abcdef\n\n'), 30_000)
      const after = read(file)
      assert.ok(after.startsWith(torn), 'nobody’s mail is cut off')
      const whole = messagesIn(file).filter((m) => m.endsWith(`${large.slice(large.indexOf('\n\n'))}\n`))
      assert.equal([messagesIn(file).length, whole.length], [3, 1], 'the first, the torn one, the whole one')
    }),
)
test.run()
