/** Every call of the table: our command, and Postfix's own with the same arguments where it is installed. */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAddress } from '@postern/core'
import { readDrop } from '@postern/sendmail'
import type { DropEnvelope } from '@postern/sendmail'
import { missingPrograms } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CALLS } from './support/calls.ts'
import type { CallCase } from './support/calls.ts'

const BIN = join(dirname(fileURLToPath(import.meta.url)), '../bin/sendmail.js')
const ME = userInfo().username
const named = (text: string) => text.replaceAll('@ME@', ME).replaceAll('@UID@', String(process.getuid!()))
const titleOf = ({ args, input }: CallCase) => JSON.stringify([...args, ...(args.includes('-t') ? [input] : [])])

interface Seen {
  exit: number | null
  out: string
  err: string
  took: string[] | undefined
}
function expected(c: CallCase, other: CallCase['differs']): Seen {
  const { exit, err = '' } = { ...c, ...other }
  const took = other ? undefined : c.took?.map(named)
  return { exit, out: other ? '' : named(c.out ?? ''), err: named(err), took }
}
const env = (more: object) => ({ PATH: process.env.PATH, HOME: '/', ...more })

const ours = suite('postern')
const spool = mkdtempSync(join(tmpdir(), 'postern-flags-'))
const drop = join(spool, 'drop')
mkdirSync(drop)
const facts = { myhostname: 'h', mailName: 'm', messageSizeLimit: 10_000, authorizedSubmitUsers: ['static:anyone'] }
const tell = (more: object) => writeFileSync(join(spool, 'drop.json'), JSON.stringify({ ...facts, ...more }))
tell({})
const call = (args: readonly string[], input?: string) =>
  spawnSync(process.execPath, [BIN, ...args], { input, env: env({ POSTERN_SPOOL: spool }), encoding: 'utf8' })
const droppedOnce = (): DropEnvelope | undefined => fileOnce()?.envelope as DropEnvelope | undefined
function fileOnce() {
  const names = readdirSync(drop)
  if (names.length === 0) return undefined
  assert.is(names.length, 1)
  const path = join(drop, names[0]!)
  const file = readDrop(readFileSync(path))
  rmSync(path)
  return file
}
/** as Postfix keeps it: without quotes */
const internal = (text: string) => {
  const a = text.startsWith('@') ? undefined : parseAddress(text, { lenient: true })
  return a ? (a.domain === '' ? a.local : `${a.local}@${a.domain}`) : text
}
for (const c of CALLS)
  ours(titleOf(c), () => {
    const { status, stdout, stderr } = call(c.args, c.input)
    const dropped = droppedOnce()
    const took = dropped && [dropped.sender, ...dropped.recipients.map((r) => internal(r as string))]
    assert.equal({ exit: status, out: stdout, err: stderr, took }, expected(c, c.differs))
  })
ours('-bv reads no message, and leaves a probe for the daemon to answer', () => {
  const { status, stdout, stderr } = call(['-bv', '-f', 'me@x.example', 'rich', 'b@y.example'], 'Subject: not read\n')
  assert.equal([status, stdout, stderr], [0, 'Mail Delivery Status Report will be mailed to <me@x.example>.\n', ''])
  const file = fileOnce()!
  assert.is(
    Buffer.from(file.content).toString(),
    'From: me@x.example\r\nSubject: probe\r\nTo:\trich,\r\n\tb@y.example\r\n\r\n',
  )
  assert.equal(file.envelope, { sender: 'me@x.example', recipients: ['rich', 'b@y.example'], verify: true })
})
ours('what the envelope carries', () => {
  call(['-Nsuccess,delay', '-Rhdrs', '-Vid', '-B8BITMIME', '-G', '-FF N', 'rich'], 'x\n')
  assert.equal(droppedOnce(), {
    sender: ME,
    recipients: ['rich'],
    fullName: 'F N',
    notify: ['SUCCESS', 'DELAY'],
    ret: 'HDRS',
    envid: 'id',
    body: '8BITMIME',
    gateway: true,
  })
})
ours('who may not submit is told', () => {
  tell({ authorizedSubmitUsers: [`!${ME}`, 'static:anyone'] })
  const { status, stderr } = call(['rich'], 'x\n')
  assert.is(status, 75)
  assert.is(stderr, named('sendmail: fatal: User @ME@(@UID@) is not allowed to submit mail\n'))
  tell({})
})
ours('a disk that is full leaves nothing', () => {
  const { status, stderr } = spawnSync('sh', ['-c', `ulimit -f 1; exec "$0" "$@"`, process.execPath, BIN, 'rich'], {
    input: `Subject: s\n\n${'x'.repeat(9000)}\n`,
    env: env({ POSTERN_SPOOL: spool }),
    encoding: 'utf8',
  })
  assert.is(status, 75, stderr)
  assert.match(stderr, /^sendmail: fatal: queue file write error: EFBIG/)
  assert.is(droppedOnce(), undefined)
})
ours.after(() => rmSync(spool, { recursive: true }))
ours.run()

const theirs = suite('postfix')
const why = process.getuid?.() === 0 ? missingPrograms('/usr/sbin/postdrop', '/usr/sbin/postcat') : 'only as root'
if (!why) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-postfix-'))
  const maildrop = join(folder, 'queue/maildrop')
  theirs.before(() => {
    chmodSync(folder, 0o755)
    for (const sub of ['etc', 'data', 'queue', 'queue/maildrop', 'queue/public', 'queue/pid'])
      mkdirSync(join(folder, sub))
    const [owner, group] = ['-u', '-g'].map((f) => Number(spawnSync('id', [f, 'postfix'], { encoding: 'utf8' }).stdout))
    for (const sub of ['data', 'queue/maildrop', 'queue/public']) chownSync(join(folder, sub), owner!, group!)
    const main = `compatibility_level = 3.7\nqueue_directory = ${folder}/queue\ndata_directory = ${folder}/data\n`
    writeFileSync(join(folder, 'etc/main.cf'), `${main}mail_owner = postfix\nmyhostname = mail.site.example\n`)
    writeFileSync(join(folder, 'etc/master.cf'), '')
  })
  theirs.after(() => rmSync(folder, { recursive: true }))
  for (const c of CALLS)
    theirs(titleOf(c), () => {
      const ran = spawnSync('/usr/sbin/sendmail', c.args, {
        input: c.input,
        env: env({ MAIL_CONFIG: join(folder, 'etc') }),
        encoding: 'utf8',
        timeout: 10_000,
      })
      // no daemon is there to be woken
      const lines = ran.stderr.split('\n').filter((l) => !/^postdrop: warning: unable to look up public/.test(l))
      const err = lines.join('\n')
      const names = readdirSync(maildrop)
      const records = names.map((name) => {
        const path = join(maildrop, name)
        const text = spawnSync('/usr/sbin/postcat', ['-c', join(folder, 'etc'), path], { encoding: 'utf8' }).stdout
        rmSync(path)
        return [...text.matchAll(/^(?:sender|recipient): (.*)$/gm)].map((m) => m[1]!)
      })
      assert.equal({ exit: ran.status, out: ran.stdout, err, took: records[0] }, expected(c, undefined))
    })
  theirs.run()
}
