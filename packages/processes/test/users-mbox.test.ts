/** Delivery at the end of an mbox: format, locks, a write that fails. */
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import type { UserRequest } from '@postern/core'
import { FromQuote, withFromLine } from '../src/users/helper/from-lines.ts'
import { ABOVE, MAIL, bothModes, callOf, contentOf, inPlace } from './support/people.ts'
import type { Person, Place } from './support/people.ts'
import { until } from './support/site.ts'

type Locks = readonly ('dotlock' | 'fcntl')[]
const mbox = (user: string, locks: Locks, more: object = {}): UserRequest =>
  ({ kind: 'mbox', user, above: ABOVE, file: { below: 'home', path: 'mbox' }, locks, ...more }) as UserRequest
const deliver = (p: Place, request: UserRequest, text: string | Buffer = MAIL) =>
  p.client.deliver(request, contentOf(text), callOf())
const at = (anna: Person) => path.join(anna.home, 'mbox')
const DONE = { kind: 'delivered', esc: '2.0.0', text: 'delivered to mailbox' }
const FROM = /^From a@b\.example {2}(Sun|Mon|Tue|Wed|Thu|Fri|Sat) \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\n/

const quoted: [string, string][] = [
  ['From x\n', '>From x\n\n'],
  ['a\nFrom x\nFrom y\n', 'a\n>From x\n>From y\n\n'],
  ['>From x\n', '>From x\n\n'],
  ['From\nFromage x\n From x\n', 'From\nFromage x\n From x\n\n'],
  ['aFrom x\n', 'aFrom x\n\n'],
  ['', '\n'],
  ['no end', 'no end\n\n'],
  ['a\nFro', 'a\nFro\n\n'],
  ['\n\nFrom \n', '\n\n>From \n\n'],
]
test('lines that would begin a message are quoted, wherever the pieces are cut', () => {
  for (const [text, expected] of quoted)
    for (let size = 1; size <= Math.max(1, text.length); size++) {
      const quote = new FromQuote()
      let out = ''
      for (let i = 0; i < text.length; i += size) out += quote.push(Buffer.from(text.slice(i, i + size)))
      assert.is(out + quote.end(), expected, `${JSON.stringify(text)} by ${size}`)
    }
})
test('the line that begins a message', () => {
  const day = new Date(2026, 10, 1, 3, 4, 5)
  assert.is(withFromLine('Return-Path: <a@b>\n', day), 'From a@b  Sun Nov  1 03:04:05 2026\nReturn-Path: <a@b>\n')
  assert.is(withFromLine('Return-Path: <>\n', day), 'From MAILER-DAEMON  Sun Nov  1 03:04:05 2026\nReturn-Path: <>\n')
  assert.is(withFromLine('From x  y\nA: b\n', day), 'From x  y\nA: b\n')
})
for (const locks of [[], ['dotlock'], ['fcntl'], ['fcntl', 'dotlock']] as Locks[])
  bothModes(
    `two messages, locks: ${locks.join(' and ') || 'none'}`,
    inPlace(async (p) => {
      const anna = p.person()
      for (let n = 0; n < 2; n++) assert.equal(await deliver(p, mbox(anna.name, locks)), DONE)
      const one = `${ABOVE}Subject: hello\n\n>From the start\nhello\n\n`
      const text = fs.readFileSync(at(anna), 'utf8')
      assert.match(text, FROM)
      assert.is(text.replaceAll(new RegExp(FROM, 'gm'), ''), one + one)
      const { uid, gid, mode } = fs.statSync(at(anna))
      assert.equal([uid, gid, mode & 0o777], [anna.uid, anna.gid, 0o600])
      assert.equal(fs.readdirSync(anna.home), ['mbox'])
    }),
  )
bothModes(
  '40 at once: whole messages, one behind the other',
  inPlace(
    async (p) => {
      const anna = p.person()
      const text = (n: number) => `Subject: ${n}\n\n${`${n}\n`.repeat(20_000)}`
      const all = await Promise.all(
        Array.from({ length: 40 }, (_, n) => deliver(p, mbox(anna.name, ['dotlock', 'fcntl']), text(n))),
      )
      assert.equal(new Set(all.map((o) => o.kind)), new Set(['delivered']))
      const parts = fs
        .readFileSync(at(anna), 'utf8')
        .split(/^From .*\n/m)
        .slice(1)
      assert.is(parts.length, 40)
      for (const part of parts) {
        const n = Number(/Subject: (\d+)/.exec(part)![1])
        assert.is(part, `${ABOVE}${text(n)}\n`)
      }
    },
    { lockAttempts: 600, lockDelay: 50 },
  ),
)
bothModes(
  'a lock of somebody else is waited for, and mail waits in the queue',
  inPlace(async (p) => {
    const anna = p.person()
    assert.equal(await deliver(p, mbox(anna.name, [])), DONE)
    const before = fs.readFileSync(at(anna), 'utf8')
    fs.writeFileSync(`${at(anna)}.lock`, '')
    const locked = await deliver(p, mbox(anna.name, ['dotlock']))
    assert.equal([locked.kind, locked.esc], ['deferred', '4.2.0'])
    assert.match(locked.text, /unable to create lock file/)
    assert.ok(fs.existsSync(`${at(anna)}.lock`))
    const old = new Date(Date.now() - 600_000)
    fs.utimesSync(`${at(anna)}.lock`, old, old)
    assert.equal(await deliver(p, mbox(anna.name, ['dotlock'])), DONE)
    // a mail reader with an fcntl lock of its own
    const reader = spawn('perl', [
      '-e',
      'use Fcntl; open(F, "+<", $ARGV[0]); my $l = pack("s s x![q] q q i", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die; syswrite(STDOUT, "x"); sleep 60',
      at(anna),
    ])
    await new Promise((done) => reader.stdout.once('data', done))
    const busy = await deliver(p, mbox(anna.name, ['fcntl']))
    assert.equal([busy.kind, busy.esc], ['deferred', '4.2.0'])
    assert.match(busy.text, /unable to lock for exclusive access/)
    assert.equal(await deliver(p, mbox(anna.name, ['dotlock'])), DONE, 'who does not ask for it is not kept')
    reader.kill('SIGKILL')
    assert.equal(await deliver(p, mbox(anna.name, ['fcntl'])), DONE)
    assert.is(fs.readFileSync(at(anna), 'utf8').indexOf(before), 0)
    // whoever asks later sees our lock: it is one that the others heed
    let release!: () => void
    const waits = new Promise<void>((done) => (release = done))
    const slow = p.client.deliver(
      mbox(anna.name, ['fcntl']),
      {
        async *stream() {
          yield Buffer.alloc(1_500_000, 'x\n')
          await waits
        },
      },
      callOf(),
    )
    const size = fs.statSync(at(anna)).size
    await until('the first megabyte', () => fs.statSync(at(anna)).size > size)
    const asks = spawnSync('perl', [
      '-e',
      'use Fcntl; open(F, "+<", $ARGV[0]); my $l = pack("s s x![q] q q i", F_WRLCK, 0, 0, 0, 0); exit(fcntl(F, F_SETLK, $l) ? 0 : 7)',
      at(anna),
    ])
    assert.is(asks.status, 7)
    release()
    assert.equal(await slow, DONE)
  }),
)
bothModes(
  'a disk that is full, and a limit: what was written is cut off again',
  inPlace(async (p) => {
    const anna = p.person()
    const small = path.join(anna.home, 'small')
    fs.mkdirSync(small)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1500k,mode=777', 'small', small]).status === 0
    if (!mounted) return void process.stdout.write('# skipped: no right to mount\n')
    try {
      const request = mbox(anna.name, ['dotlock'], { file: { below: 'home', path: 'small/mbox' } })
      assert.equal(await deliver(p, request), DONE)
      const before = fs.readFileSync(path.join(small, 'mbox'), 'utf8')
      const full = await deliver(p, request, Buffer.alloc(3_000_000, 'x\n'))
      assert.equal([full.kind, full.esc], ['deferred', '4.3.0'])
      assert.match(full.text, /error writing message: No space left on device$/)
      const limited = await deliver(p, { ...request, limit: before.length + 100 } as UserRequest)
      assert.equal([limited.kind, limited.esc], ['failed', '5.2.2'])
      assert.is(fs.readFileSync(path.join(small, 'mbox'), 'utf8'), before)
      assert.equal(fs.readdirSync(small), ['mbox'])
    } finally {
      spawnSync('umount', ['-l', small])
    }
  }),
)
bothModes(
  'the system’s spool: with its group, for the user’s own file alone',
  inPlace(async (p) => {
    const [anna, berta] = [p.person(), p.person()]
    const { mode, gid } = fs.statSync('/var/mail')
    if ((mode & 0o022) !== 0o020) return void process.stdout.write('# skipped: /var/mail is not its group’s to write\n')
    const file = (name: string) => ({ below: 'root', path: `/var/mail/${name}` })
    try {
      assert.equal(await deliver(p, mbox(anna.name, ['dotlock'], { file: file(anna.name) })), DONE)
      const there = fs.statSync(`/var/mail/${anna.name}`)
      assert.equal([there.uid, there.gid], [anna.uid, gid])
      const other = await deliver(p, mbox(anna.name, ['dotlock'], { file: file(berta.name) }))
      assert.equal([other.kind, other.esc], ['deferred', '4.2.0'])
      assert.match(other.text, /Permission denied/)
      assert.not(fs.existsSync(`/var/mail/${berta.name}`))
    } finally {
      fs.rmSync(`/var/mail/${anna.name}`, { force: true })
    }
  }),
)
test.run()
