/** Mailboxes of ids that are in no user data base, spools of the system, and what is returned instead of deferred. */
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import type { UserOutcome, UserRequest } from '@postern/core'
import {
  ABOVE,
  MAIL,
  asRoot,
  bothModes,
  brokenContent,
  callOf,
  contentOf,
  inPlace,
  only,
  place,
} from './support/people.ts'
import type { Place } from './support/people.ts'
import { until } from './support/site.ts'

const UID = 58_123
const GID = 58_124
const FROM = /^From a@b\.example {2}\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\n/
const BODY = `${ABOVE}Subject: hello\n\n>From the start\nhello\n\n`
const ask = (p: Place, request: object, text: string | Buffer = MAIL): Promise<UserOutcome> =>
  p.client.deliver({ above: ABOVE, ...request } as UserRequest, contentOf(text), callOf())
const box = (p: Place, more: object = {}) => ({
  kind: 'mbox',
  user: 'rich@vm.example',
  owner: { uid: UID, gid: GID },
  file: { below: 'root', path: path.join(p.folder, 'vm/rich') },
  locks: ['dotlock', 'fcntl'],
  ...more,
})
function domain(p: Place): string {
  const folder = path.join(p.folder, 'vm')
  fs.mkdirSync(folder, { mode: 0o750 })
  fs.chownSync(folder, UID, GID)
  return folder
}

bothModes(
  'an mbox and a maildir of ids that nobody has',
  inPlace(async (p) => {
    const folder = domain(p)
    assert.equal(await ask(p, box(p)), { kind: 'delivered', esc: '2.0.0', text: 'delivered to mailbox' })
    const { uid, gid, mode } = fs.statSync(path.join(folder, 'rich'))
    assert.equal([uid, gid, mode & 0o777], [UID, GID, 0o600])
    assert.is(fs.readFileSync(path.join(folder, 'rich'), 'utf8').replace(FROM, ''), BODY)
    const maildir = { kind: 'maildir', user: 'k@vm.example', owner: { uid: UID, gid: GID } }
    const done = await ask(p, { ...maildir, folder: { below: 'root', path: path.join(folder, 'a/katie/') } })
    assert.is(done.text, 'delivered to maildir')
    const file = only(folder, 'a/katie/new')
    assert.equal([fs.statSync(file).uid, fs.statSync(file).gid], [UID, GID])
    assert.equal(fs.readdirSync(folder).sort(), ['a', 'rich'])
  }),
)
bothModes(
  'what is never done for an owner',
  inPlace(async (p) => {
    domain(p)
    const low = await ask(p, box(p, { owner: { uid: 50, gid: GID } }))
    assert.match(low.text, /refused to deliver as user rich@vm\.example: user id 50 is below 100/)
    const never: [string, object][] = [
      ['root', { owner: { uid: 0, gid: GID } }],
      ['group 0', { owner: { uid: UID, gid: 0 } }],
      ['no number', { owner: { uid: '5', gid: GID } }],
      ['a group more', { owner: { uid: UID, gid: GID, groups: [0] } }],
      ['a home', { file: { below: 'home', path: 'rich' } }],
    ]
    for (const [title, more] of never) {
      const error = await ask(p, box(p, more)).catch((e: Error) => e)
      assert.match((error as Error).message, /^refused: /, title)
    }
    assert.equal(fs.readdirSync(path.join(p.folder, 'vm')), [])
  }),
)

interface Fault {
  readonly title: string
  set(at: string, folder: string): void
  /** behind the path of the mailbox */
  readonly text: string
  /** Postfix's local(8) defers it too */
  readonly deferred?: boolean
}
const mine = (at: string) => fs.lchownSync(at, UID, GID)
const FAULTS: readonly Fault[] = [
  {
    title: 'no folder',
    set: (_at, f) => fs.rmdirSync(f),
    text: 'unable to create lock file @.lock: No such file or directory',
  },
  {
    title: 'no right',
    set: (_at, f) => fs.chownSync(f, 0, 0),
    text: 'unable to create lock file @.lock: Permission denied',
  },
  { title: 'a folder', set: (at) => fs.mkdirSync(at), text: 'cannot open file: Is a directory' },
  { title: 'a link', set: (at) => (fs.symlinkSync('x', at), mine(at)), text: 'file is a symbolic link' },
  {
    title: 'root’s link in a folder of others',
    set: (at) => fs.symlinkSync('x', at),
    text: 'file is a symbolic link',
  },
  {
    title: 'a hard link',
    set: (at) => (fs.writeFileSync(at, ''), mine(at), fs.linkSync(at, `${at}2`)),
    text: 'file has 2 hard links',
  },
  {
    title: 'a FIFO',
    set: (at) => (spawnSync('mkfifo', [at]), mine(at)),
    text: 'cannot open file: No such device or address',
  },
  {
    title: 'a device',
    set: (at) => (spawnSync('mknod', [at, 'c', '1', '3']), fs.chmodSync(at, 0o666)),
    text: 'destination @ is not a regular file',
  },
  {
    title: 'a file of another',
    set: (at) => (fs.writeFileSync(at, ''), fs.chmodSync(at, 0o666)),
    text: 'destination @ is not owned by recipient',
    deferred: true,
  },
  {
    title: 'read-only',
    set: (at) => (fs.writeFileSync(at, ''), mine(at), fs.chmodSync(at, 0o400)),
    text: 'cannot open file: Permission denied',
  },
  {
    title: 'locked by a file',
    set: (at) => fs.writeFileSync(`${at}.lock`, ''),
    text: 'unable to create lock file @.lock: File exists',
    deferred: true,
  },
]
for (const { title, set, text, deferred } of FAULTS)
  asRoot(
    `${title}: deferred, or returned where Postfix returns it; its words`,
    place(async (p) => {
      const folder = domain(p)
      const at = path.join(folder, 'rich')
      set(at, folder)
      const said = `delivery failed to mailbox ${at}: ${text.replace('@', at)}`
      assert.equal(await ask(p, box(p)), { kind: 'deferred', esc: '4.2.0', text: said })
      const returned = deferred ? { kind: 'deferred', esc: '4.2.0' } : { kind: 'failed', esc: '5.2.0' }
      assert.equal(await ask(p, box(p, { returnFaults: true })), { ...returned, text: said })
      assert.not(fs.existsSync(`${at}.lock`) && title !== 'locked by a file', 'no lock file stays')
    }),
  )
asRoot(
  'a maildir: the same',
  place(async (p) => {
    const folder = domain(p)
    fs.chownSync(folder, 0, 0)
    const request = {
      ...box(p),
      kind: 'maildir',
      locks: undefined,
      file: undefined,
      folder: { below: 'root', path: `${folder}/x/` },
    }
    const words = new RegExp(
      `^maildir delivery failed: create maildir file ${folder}/x/tmp/\\d+\\.P.*: Permission denied$`,
    )
    for (const [returnFaults, esc] of [
      [false, '4.2.0'],
      [true, '5.2.0'],
    ] as const) {
      const outcome = await ask(p, { ...request, returnFaults })
      assert.is(outcome.esc, esc)
      assert.match(outcome.text, words)
    }
  }),
)
asRoot(
  'a full disk, a limit, and a message that breaks off: the file is as it was, whatever is to be returned',
  place(async (p) => {
    const folder = domain(p)
    const small = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=1500k,uid=${UID},gid=${GID}`, 'small', folder])
    if (small.status !== 0) return void process.stdout.write('# skipped: no right to mount\n')
    p.undo(() => void spawnSync('umount', ['-l', folder]))
    const at = path.join(folder, 'rich')
    const prefix = `delivery failed to mailbox ${at}: error writing message: `
    assert.is((await ask(p, box(p))).kind, 'delivered')
    const before = fs.readFileSync(at, 'utf8')
    const all = { returnFaults: true, returnOverQuota: true }
    const full = await ask(p, box(p, all), Buffer.alloc(3_000_000, 'x\n'))
    assert.equal(full, { kind: 'deferred', esc: '4.3.0', text: `${prefix}No space left on device` })
    const limit = before.length + 100
    assert.equal(await ask(p, box(p, { limit })), { kind: 'failed', esc: '5.2.2', text: `${prefix}File too large` })
    const broken = p.client.deliver(
      { above: ABOVE, ...box(p) } as UserRequest,
      brokenContent(Buffer.alloc(1_200_000, 'x\n')),
      callOf(),
    )
    assert.match((await broken.catch((e: Error) => e)) as unknown as string, /damaged/)
    await until('the cut', () => !fs.existsSync(`${at}.lock`))
    assert.is(fs.readFileSync(at, 'utf8'), before)
  }),
)

asRoot(
  'over quota: deferred, or returned as Postfix does; the file is as it was',
  place(
    async (p) => {
      const at = path.join(domain(p), 'rich')
      assert.is((await ask(p, box(p))).kind, 'delivered')
      const before = fs.readFileSync(at, 'utf8')
      const inject = [
        '-f',
        '-q',
        '-P',
        at,
        '-e',
        'trace=write,writev',
        '-e',
        'inject=write,writev:error=EDQUOT',
        '-o',
        '/dev/null',
      ]
      const strace = spawn('strace', [...inject, '-p', String(p.helpers.pids[0])], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      p.undo(() => void strace.kill('SIGKILL'))
      const missing = await new Promise((done) =>
        strace.once('error', () => done(true)).once('spawn', () => done(false)),
      )
      if (missing) return void process.stdout.write('# skipped: no strace\n')
      await until(
        'strace to be there',
        () => !/^TracerPid:\t0$/m.test(fs.readFileSync(`/proc/${p.helpers.pids[0]}/status`, 'utf8')),
      )
      const text = `delivery failed to mailbox ${at}: error writing message: Disk quota exceeded`
      assert.equal(await ask(p, box(p)), { kind: 'deferred', esc: '4.2.2', text })
      assert.equal(await ask(p, box(p, { returnFaults: true })), { kind: 'deferred', esc: '4.2.2', text })
      assert.equal(await ask(p, box(p, { returnOverQuota: true })), { kind: 'failed', esc: '5.2.2', text })
      assert.is(fs.readFileSync(at, 'utf8'), before)
    },
    { processes: 1 },
  ),
)
asRoot(
  'behind a message that broke off in the middle of a line the next one is a message',
  place(async (p) => {
    const at = path.join(domain(p), 'rich')
    const ends: [string, string][] = [
      ['From a  b\nSubject: torn', '\n\n'],
      ['From a  b\nSubject: whole\n\nx\n\n', ''],
      ['From a  b\nSubject: one line end\n\nx\n', ''],
    ]
    for (const [before, between] of ends) {
      fs.writeFileSync(at, before)
      fs.chownSync(at, UID, GID)
      assert.is((await ask(p, box(p))).kind, 'delivered')
      const text = fs.readFileSync(at, 'utf8')
      assert.ok(text.startsWith(`${before}${between}From a@b.example  `), JSON.stringify(text))
      fs.rmSync(at)
    }
    // who may write and not read
    fs.writeFileSync(at, 'torn', { mode: 0o200 })
    fs.chownSync(at, UID, GID)
    assert.is((await ask(p, box(p))).kind, 'delivered')
  }),
)
const FLOCK = 'use Fcntl ":flock"; open(F, "+<", $ARGV[0]); flock(F,'
asRoot(
  'flock: held by us, and heeded',
  place(async (p) => {
    const at = path.join(domain(p), 'rich')
    const request = box(p, { locks: ['flock', 'fcntl', 'dotlock'] })
    assert.is((await ask(p, request)).kind, 'delivered')
    // it waits: ours is gone when the perl(1) that held it is
    const reader = spawn('perl', ['-e', `${FLOCK} LOCK_EX); syswrite(STDOUT, "x"); sleep 60`, at])
    p.undo(() => void reader.kill('SIGKILL'))
    await new Promise((done) => reader.stdout.once('data', done))
    const text = `delivery failed to mailbox ${at}: unable to lock for exclusive access: Resource temporarily unavailable`
    assert.equal(await ask(p, request), { kind: 'deferred', esc: '4.2.0', text })
    assert.is((await ask(p, box(p))).kind, 'delivered', 'who does not ask for it is not kept')
    reader.kill('SIGKILL')
    let release!: () => void
    const waits = new Promise<void>((done) => (release = done))
    const size = fs.statSync(at).size
    const slow = p.client.deliver(
      { above: ABOVE, ...request } as UserRequest,
      {
        async *stream() {
          yield Buffer.alloc(1_500_000, 'x\n')
          await waits
        },
      },
      callOf(),
    )
    await until('the first megabyte', () => fs.statSync(at).size > size)
    assert.is(spawnSync('perl', ['-e', `${FLOCK} LOCK_EX | LOCK_NB) or exit 7`, at]).status, 7)
    release()
    assert.is((await slow).kind, 'delivered')
  }),
)
asRoot(
  'who waits for a lock keeps no other mailbox waiting, and delivers nothing that nobody waits for',
  place(
    async (p) => {
      const folder = domain(p)
      const at = path.join(folder, 'rich')
      fs.writeFileSync(`${at}.lock`, '')
      const given = new AbortController()
      const waiting = p.client.deliver(
        { above: ABOVE, ...box(p) } as UserRequest,
        contentOf(MAIL),
        callOf(given.signal),
      )
      const other = await ask(p, box(p, { file: { below: 'root', path: path.join(folder, 'katie') } }))
      assert.is(other.kind, 'delivered')
      assert.ok(fs.existsSync(`${at}.lock`), 'the first one waits still')
      given.abort(new Error('given up'))
      assert.match(((await waiting.catch((e: Error) => e)) as Error).message, /given up/)
      fs.rmSync(`${at}.lock`)
      await until('the helper to notice', () => p.log.some((l) => l.event === 'users.refused'))
      assert.not(fs.existsSync(at) && fs.statSync(at).size > 0)
      assert.is((await ask(p, box(p))).kind, 'delivered')
      assert.is(fs.readFileSync(at, 'utf8').replace(FROM, ''), BODY)
    },
    { processes: 1, lockAttempts: 600, lockDelay: 200 },
  ),
)

/** mode and group of a spool; who owns what is made there */
const spools: [string, number, number, 'user' | 'spool'][] = [
  ['everybody may write', 0o1777, 0, 'user'],
  ['its group may write', 0o775, GID, 'spool'],
  ['nobody but root may write', 0o755, 0, 'user'],
]
for (const [title, mode, group, owner] of spools)
  asRoot(`a mail spool: ${title}`, async () => {
    const mailSpools: string[] = []
    await place(
      async (p) => {
        const spool = path.join(p.folder, 'spool')
        mailSpools.push(spool)
        fs.mkdirSync(spool)
        fs.chownSync(spool, 0, group)
        fs.chmodSync(spool, mode)
        const [anna, berta] = [p.person(), p.person()]
        const request = (user: string, name = user) => ({
          kind: 'mbox',
          user,
          file: { below: 'root', path: path.join(spool, name) },
          locks: ['dotlock', 'fcntl'],
        })
        for (let n = 0; n < 2; n++) assert.is((await ask(p, request(anna.name))).text, 'delivered to mailbox')
        const there = fs.statSync(path.join(spool, anna.name))
        const gid = owner === 'user' ? anna.gid : GID
        assert.equal([there.uid, there.gid, there.mode & 0o777], [anna.uid, gid, 0o600])
        // root has a mailbox there too, and nowhere else
        assert.is((await ask(p, request('root'))).text, 'delivered to mailbox')
        assert.equal([fs.statSync(path.join(spool, 'root')).uid, fs.readdirSync(spool).length], [0, 2])
        assert.is((await ask(p, { ...request('root'), file: { below: 'home', path: 'x' } })).esc, '4.3.5')
        assert.is((await ask(p, request('root', 'other'))).esc, '4.3.5')
        if (mode === 0o1777) return
        const outcome = await ask(p, request(anna.name, berta.name))
        assert.match(outcome.text, /unable to create lock file .*: Permission denied$/, 'nobody’s but one’s own')
      },
      { mailSpools },
    )()
  })
test.run()
