/** The command from outside, as nobody: daemon up, down, killed. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { freePorts, posternCommand, sleep, startProcess, until } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandSite, UID } from './support/site.ts'

const MAIL = 'Subject: s\n\nbody\n'
const OK = { exit: 0, out: '', err: '' }

let site: CommandSite
const up = suite('daemon up')
up.before(async () => void (site = await new CommandSite().start()))
up.after(() => site.remove())

up('the folder: everybody may put something in, only the daemon may list it', () => {
  const { mode, uid } = statSync(join(site.spool, 'drop'))
  assert.is((mode & 0o1777).toString(8), '1733')
  assert.is(uid, process.geteuid!())
  assert.is(statSync(site.spool).mode & 0o077, 0o011)
})
up('a message arrives, from the user at this host', async () => {
  assert.equal(await site.run(['one'], { input: MAIL }), OK)
  const [mail] = await site.box('one').waitFor(1)
  assert.match(mail!.header('return-path')!, /^<\w+@mail\.site\.example>$/)
  assert.match(mail!.header('received')!, new RegExp(`from userid ${UID}\\)`))
  assert.is(mail!.body.trim(), 'body')
  await until('the file gone', () => site.waiting().length === 0)
})
up('-t: recipients of the header and of the command line, Bcc goes', async () => {
  const input = 'To: A <a1@mail.site.example>, a2 (two)\nCc: g: a3;\nBcc: a4\nSubject: s\n\nx\n'
  assert.equal(await site.run(['-t', '-f', 'me@x.example', 'a5'], { input }), OK)
  for (const box of ['a1', 'a2', 'a3', 'a4', 'a5']) {
    const [mail] = await site.box(box).waitFor(1)
    assert.is(mail!.header('bcc'), undefined)
    assert.is(mail!.header('return-path'), '<me@x.example>')
  }
})
up('-t: resent recipients stand for the others', async () => {
  assert.equal(await site.run(['-t'], { input: 'To: no1\nResent-To: r1\nResent-Bcc: r2\n\nx\n' }), OK)
  await site.box('r1').waitFor(1)
  await site.box('r2').waitFor(1)
  assert.is((await site.box('no1').messages()).length, 0)
})
const bodies: [string, string[], string, string][] = [
  ['a dot ends it', [], 'one\n.\ntwo\n', 'one\n'],
  ['not with -i', ['-i'], 'one\n.\ntwo\n', 'one\n.\ntwo\n'],
  ['nor with -oi', ['-oi'], 'one\n.\n', 'one\n.\n'],
  ['CRLF becomes a line end', [], 'one\r\ntwo\r\n.\r\nthree', 'one\ntwo\n'],
  ['a last line without end', [], 'one', 'one\n'],
  ['a dot as last line without end', [], 'one\n.', 'one\n'],
  ['envelope lines go', [], '\u0000', '\u0000\n'],
  ['a long line', ['-i'], `${'x'.repeat(300_000)}\n.\ny\n`, `${'x'.repeat(300_000)}\n.\ny\n`],
  ['bytes that are no text', [], '\u00ff\u0080\n', '\u00ff\u0080\n'],
]
bodies.forEach(([what, args, body, comes], n) =>
  up(what, async () => {
    const input = Buffer.from(`>From x\nFrom y z\nSubject: s\n\n${body}`, 'latin1')
    assert.equal(await site.run([...args, `body${n}`], { input }), OK)
    const [mail] = await site.box(`body${n}`).waitFor(1)
    const folder = join(site.folder, 'mail', `body${n}`, mail!.file)
    assert.is(readFileSync(folder, 'latin1').split('\n\n').slice(1).join('\n\n'), comes)
    assert.not.match(mail!.raw, /^>*From /m)
  }),
)
up('-f <> is the null sender; -F and NAME are names', async () => {
  assert.equal(await site.run(['-f', '<>', 'null'], { input: MAIL }), OK)
  const [mail] = await site.box('null').waitFor(1)
  assert.is(mail!.header('return-path'), '<>')
  assert.is(mail!.header('from'), 'MAILER-DAEMON')
  assert.equal(await site.run(['-F', 'F N', '-fme', 'named'], { input: MAIL, env: { NAME: 'no' } }), OK)
  assert.is((await site.box('named').waitFor(1))[0]!.header('from'), 'F N <me@mail.site.example>')
  assert.equal(await site.run(['-fme', 'envnamed'], { input: MAIL, env: { NAME: 'E N' } }), OK)
  assert.is((await site.box('envnamed').waitFor(1))[0]!.header('from'), 'E N <me@mail.site.example>')
})
up('a message above the limit: said, and nothing is left', async () => {
  const big = `Subject: s\n\n${`${'x'.repeat(99)}\n`.repeat(110_000)}`
  const ran = await site.run(['big'], { input: big })
  assert.match(ran.err, /^sendmail: fatal: \w+\(\d+\): message file too big\n$/)
  assert.is(ran.exit, 75)
  assert.equal(site.waiting(), [])
})
up('a large message', async () => {
  const large = `Subject: s\n\n${`${'x'.repeat(99)}\n`.repeat(60_000)}`
  assert.equal(await site.run(['large'], { input: large }), OK)
  const [mail] = await site.box('large').waitFor(1)
  assert.is(mail!.body.length, 6_000_000)
})
up('-bs: what is accepted arrives, also pipelined', async () => {
  const lines = [
    ...['EHLO me', 'MAIL FROM:<a@b.example> RET=HDRS ENVID=e+3D1 SIZE=10', 'RCPT TO:<bs1> NOTIFY=NEVER'],
    ...['RCPT TO:<>', 'RCPT TO:<"b s"@mail.site.example>', 'DATA', 'Subject: x', '', '..dot', '.'],
    ...['MAIL FROM:<a@b> SIZE=99999999', 'DATA', 'RCPT TO:<x>', 'WHAT', 'MAIL FROM:<> FOO=1', 'RSET', 'QUIT'],
  ]
  const ran = await site.run(['-bs'], { input: lines.map((l) => `${l}\r\n`).join('') })
  assert.is(ran.exit, 0)
  assert.equal(
    ran.out
      .replace(/as [0-9a-z]{13}(?=\r)/, 'as ID')
      .split('\r\n')
      .slice(0, -1),
    [
      ...['220 mail.site.example ESMTP Postern', '250-mail.site.example', '250-PIPELINING', '250-SIZE 10240000'],
      ...['250-VRFY', '250-ETRN', '250-ENHANCEDSTATUSCODES', '250-8BITMIME', '250-DSN', '250-SMTPUTF8', '250 CHUNKING'],
      ...['250 2.1.0 Ok', '250 2.1.5 Ok', '501 5.1.3 Bad recipient address syntax', '250 2.1.5 Ok'],
      ...['354 End data with <CR><LF>.<CR><LF>', '250 2.0.0 Ok: queued as ID'],
      ...['552 5.3.4 Message size exceeds fixed limit', '503 5.5.1 Error: need RCPT command'],
      ...['503 5.5.1 Error: need MAIL command', '500 5.5.2 Error: command not recognized'],
      ...['555 5.5.4 Unsupported option: FOO=1', '250 2.0.0 Ok', '221 2.0.0 Bye'],
    ],
  )
  const [mail] = await site.box('bs1').waitFor(1)
  assert.is(mail!.body.trim(), '.dot')
  const received = mail!.headers.filter(([name]) => name.toLowerCase() === 'received').map(([, value]) => value)
  assert.match(
    received.at(-1)!,
    /^from me \(localhost \[127\.0\.0\.1\]\)\s+by mail\.site\.example \(Postern\) with ESMTP id \w{13};/,
  )
  await site.box('b s').waitFor(1)
})
up('-bs: a message that is cut off is none', async () => {
  const ran = await site.run(['-bs'], { input: 'HELO me\nMAIL FROM:<>\nRCPT TO:<cut>\nDATA\nSubject: x\n\nhalf' })
  assert.match(ran.out, /\r\n354 .*\r\n$/)
  assert.equal(site.waiting(), [])
})
up("listing and flushing, by the daemon's user and by nobody", async () => {
  const listed = await site.run([], { name: 'mailq', privileged: true })
  assert.equal(listed, { exit: 0, out: 'Mail queue is empty\n', err: '' })
  for (const args of [['-q'], ['-qRsite.example'], ['-qI1ijtbafhaai00']])
    assert.equal(await site.run(args, { privileged: true }), OK)
  assert.equal(await site.run([], { name: 'newaliases' }), OK)
  // by everybody's socket
  assert.equal(await site.run(['-bp']), { exit: 0, out: 'Mail queue is empty\n', err: '' })
})
up.run()

const down = suite('daemon down')
down('mail that is dropped while the daemon is dead is found at its start, each once', async () => {
  const site = await new CommandSite().start()
  try {
    await site.daemon.kill()
    for (let n = 0; n < 5; n++) assert.equal(await site.run([`d${n}`], { input: MAIL }), OK)
    assert.is(site.waiting().length, 5)
    const file = statSync(join(site.spool, 'drop', site.waiting()[0]!))
    assert.is(file.uid, UID)
    assert.is(file.gid, process.getegid!())
    assert.is((file.mode & 0o777).toString(8), '640')
    const asked = await site.run([], { name: 'mailq', privileged: true })
    assert.equal(asked, {
      exit: 69,
      out: '',
      err: 'postqueue: fatal: Queue report unavailable - mail system is down\n',
    })
    const flushed = await site.run(['-q'], { privileged: true })
    assert.equal(flushed.err, 'postqueue: fatal: Cannot flush mail queue - mail system is down\n')
    await site.daemon.start()
    for (let n = 0; n < 5; n++) assert.is((await site.box(`d${n}`).waitFor(1)).length, 1)
    await until('an empty folder', () => site.waiting().length === 0)
  } finally {
    await site.remove()
  }
})
down('the daemon is killed again and again while mail is dropped: none is lost', async () => {
  const site = await new CommandSite().start()
  try {
    let accepted = 0
    const dropping = (async () => {
      for (let n = 0; n < 24; n++)
        if ((await site.run(['box'], { input: `Subject: ${n}\n\nx\n` })).exit === 0) accepted++
    })()
    for (let n = 0; n < 3; n++) {
      await sleep(300)
      await site.daemon.kill()
      await sleep(200)
      await site.daemon.start()
    }
    await dropping
    assert.is(accepted, 24)
    await until('an empty folder', () => site.waiting().length === 0)
    const subjects = async () => new Set((await site.box('box').messages()).map((m) => m.header('subject')))
    await until('all mail', async () => (await subjects()).size === 24, 20_000)
  } finally {
    await site.remove()
  }
})
down('no daemon ever ran here', async () => {
  const site = new CommandSite()
  try {
    const ran = await site.run(['box'], { input: MAIL })
    assert.is(ran.exit, 75)
    assert.is(ran.err, `sendmail: fatal: ${site.spool}: no postern with a drop folder has ever run on this spool\n`)
    assert.not(existsSync(site.spool))
  } finally {
    await site.remove()
  }
})
down('where the mail system is: -C, MAIL_CONFIG, sendmail.json', async () => {
  const site = await new CommandSite().start()
  try {
    const etc = join(site.folder, 'etc')
    mkdirSync(etc)
    chmodSync(etc, 0o755)
    writeFileSync(join(etc, 'sendmail.json'), JSON.stringify({ spool: '../spool' }))
    const nowhere = { POSTERN_SPOOL: '/nonexistent' }
    assert.equal(await site.run(['-C', etc, 'c1'], { input: MAIL, env: nowhere }), OK)
    assert.equal(await site.run(['c2'], { input: MAIL, env: { ...nowhere, MAIL_CONFIG: etc } }), OK)
    await site.box('c1').waitFor(1)
    await site.box('c2').waitFor(1)
    writeFileSync(join(etc, 'sendmail.json'), '{}')
    assert.match((await site.run(['-C', etc, 'c3'], { input: MAIL })).err, /sendmail\.json: expected \{ "spool"/)
  } finally {
    await site.remove()
  }
})
down('a folder that is full of others: nobody may remove what is not his', async () => {
  if (UID === process.getuid!()) return
  const site = await new CommandSite().start()
  try {
    await site.daemon.kill()
    await site.run(['box'], { input: MAIL, privileged: true })
    const drop = join(site.spool, 'drop')
    const [name] = readdirSync(drop).filter((n) => n !== 'corrupt')
    const as = (...words: string[]) =>
      spawnSync('setpriv', [`--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', ...words], { encoding: 'utf8' })
    assert.is.not(as('ls', drop).status, 0)
    assert.is.not(as('cat', join(drop, name!)).status, 0)
    assert.is.not(as('rm', '-f', join(drop, name!)).status, 0)
    assert.is.not(as('ls', join(drop, 'corrupt')).status, 0)
    assert.equal(site.waiting(), [name])
  } finally {
    await site.remove()
  }
})
down('a daemon that is not root reads what others drop', async () => {
  // uid 1 must be able to read the checkout
  const command = posternCommand()
  const as = ['setpriv', '--reuid=1', '--regid=1', '--clear-groups']
  if (UID === process.getuid!() || spawnSync(as[0]!, [...as.slice(1), 'test', '-r', command[1]!]).status !== 0) return
  const site = new CommandSite()
  try {
    chownSync(site.folder, 1, 1)
    const file = join(site.folder, 'postern.config.json')
    const [port] = await freePorts(1)
    writeFileSync(file, JSON.stringify(site.config(port!)))
    site.daemon = await startProcess(file, {
      ports: [port!],
      command: [...as, ...command, 'start', '--foreground', '-c'],
    })
    assert.equal(await site.run(['box'], { input: MAIL }), OK)
    assert.equal(await site.run(['box'], { input: MAIL, privileged: true }), OK)
    const mails = await site.box('box').waitFor(2)
    const users = mails.map((m) => /userid (\d+)/.exec(m.header('received')!)?.[1])
    assert.equal(users.sort(), ['0', '65534'])
    await until('an empty folder', () => site.waiting().length === 0)
    assert.is(statSync(join(site.spool, 'drop')).uid, 1)
  } finally {
    await site.remove()
  }
})
down.run()
