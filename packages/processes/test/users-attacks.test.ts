/** What users and workers may try: each is refused, hurts nobody else, and the helper goes on. */
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import path from 'node:path'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import type { UserOutcome, UserRequest } from '@postern/core'
import { hang } from './support/hung.ts'
import { until } from './support/site.ts'
import { ABOVE, MAIL, bothModes, callOf, contentOf, files, inPlace } from './support/people.ts'
import type { Person, Place } from './support/people.ts'

const maildir = (user: string, more: object = {}): UserRequest =>
  ({ kind: 'maildir', user, above: ABOVE, folder: { below: 'home', path: 'Maildir/' }, ...more }) as UserRequest
const mbox = (user: string, more: object = {}): UserRequest =>
  ({
    kind: 'mbox',
    user,
    above: ABOVE,
    file: { below: 'home', path: 'mbox' },
    locks: ['dotlock'],
    ...more,
  }) as UserRequest
const deliver = (p: Place, request: UserRequest) => p.client.deliver(request, contentOf(MAIL), callOf())
/** The helper is well: the next delivery, for somebody else, works. */
async function goesOn(p: Place): Promise<void> {
  const other = p.person()
  assert.is((await deliver(p, maildir(other.name))).kind, 'delivered')
}
/** A file of the victim that everybody may write, so that only the helper's own checks protect it. */
function prize(victim: Person, folder: string): string {
  const file = path.join(folder, 'prize')
  fs.writeFileSync(file, 'precious\n')
  fs.chownSync(file, victim.uid, victim.gid)
  fs.chmodSync(file, 0o666)
  return file
}
const own = (file: string, p: Person) => fs.lchownSync(file, p.uid, p.gid)

interface Trick {
  readonly title: string
  readonly request: (user: string) => UserRequest
  /** `at`: the place that is delivered to */
  readonly set: (at: string, user: Person, prize: string) => void
  readonly text: RegExp
}
const FILES: readonly Omit<Trick, 'request'>[] = [
  {
    title: 'a symbolic link',
    set: (at, user, prize) => (fs.symlinkSync(prize, at), own(at, user)),
    text: /symbolic link/,
  },
  {
    title: 'a link to nothing',
    set: (at, user) => (fs.symlinkSync(`${at}-x`, at), own(at, user)),
    text: /symbolic link/,
  },
  { title: 'a hard link', set: (at, _, prize) => fs.linkSync(prize, at), text: /2 hard links/ },
  { title: 'a FIFO', set: (at, user) => (spawnSync('mkfifo', [at]), own(at, user)), text: /No such device or address/ },
  { title: 'a folder', set: (at, user) => (fs.mkdirSync(at), own(at, user)), text: /Is a directory/ },
  {
    title: 'a device',
    set: (at, user) => (spawnSync('mknod', [at, 'c', '1', '3']), own(at, user)),
    text: /not a regular file/,
  },
  {
    title: 'a file of another',
    set: (at) => (fs.writeFileSync(at, ''), fs.chmodSync(at, 0o666)),
    text: /not owned by recipient/,
  },
]
const MBOX = FILES.map((t): Trick => ({ ...t, request: (user) => mbox(user) }))
const FOLDERS: readonly Trick[] = [
  {
    title: 'Maildir is a symbolic link',
    request: (user) => maildir(user),
    set: (at, user, prize) => (fs.symlinkSync(path.dirname(prize), at), own(at, user)),
    text: /Not a directory/,
  },
  {
    title: 'Maildir/new is a symbolic link',
    request: (user) => maildir(user),
    set(at, user, prize) {
      fs.mkdirSync(at)
      own(at, user)
      fs.symlinkSync(path.dirname(prize), path.join(at, 'new'))
      own(path.join(at, 'new'), user)
    },
    text: /Not a directory/,
  },
  {
    title: 'Maildir is a file',
    request: (user) => maildir(user),
    set: (at, user) => (fs.writeFileSync(at, ''), own(at, user)),
    text: /Not a directory/,
  },
  {
    title: 'Maildir is root’s',
    request: (user) => maildir(user),
    set: (at) => fs.mkdirSync(at, { mode: 0o755 }),
    text: /Permission denied/,
  },
]
for (const trick of [...MBOX, ...FOLDERS])
  bothModes(
    `${trick.request('x').kind}: ${trick.title}`,
    inPlace(async (p) => {
      const [anna, victim] = [p.person(), p.person()]
      const away = path.join(p.folder, 'away')
      fs.mkdirSync(away)
      fs.chmodSync(away, 0o777)
      const file = prize(victim, away)
      const request = trick.request(anna.name)
      const at = path.join(anna.home, request.kind === 'mbox' ? 'mbox' : 'Maildir')
      trick.set(at, anna, file)
      const outcome = await deliver(p, request)
      assert.is(outcome.kind, 'deferred')
      assert.match(outcome.text, trick.text)
      assert.is(fs.readFileSync(file, 'utf8'), 'precious\n')
      assert.equal(files(away), ['prize'])
      assert.not(fs.existsSync(`${at}.lock`))
      await goesOn(p)
    }),
  )
bothModes(
  'links that are root’s are followed',
  inPlace(async (p) => {
    const anna = p.person()
    fs.mkdirSync(path.join(anna.home, 'there'))
    own(path.join(anna.home, 'there'), anna)
    fs.symlinkSync('there', path.join(anna.home, 'Maildir'))
    assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
    assert.is(files(anna.home, 'there/new').length, 1)
  }),
)
bothModes(
  'a file that is changed between check and use, all the time',
  inPlace(async (p) => {
    const [anna, victim] = [p.person(), p.person()]
    const file = prize(victim, p.folder)
    const at = path.join(anna.home, 'mbox')
    // as fast as it can: an own file, a link to the prize, nothing, a FIFO
    const juggler = `my ($at, $prize) = @ARGV; my $t = "$at.t";
while (1) {
  if (open(my $f, '>', $t)) { close $f } rename $t, $at;
  symlink $prize, $t; rename $t, $at;
  POSIX::mkfifo($t, 0600); rename $t, $at;
  unlink $at;
}`
    const ids = [`--reuid=${anna.uid}`, `--regid=${anna.gid}`, '--clear-groups']
    const child = spawn('setpriv', [...ids, 'perl', '-MPOSIX', '-e', juggler, at, file], { stdio: 'ignore' })
    p.undo(() => child.kill('SIGKILL'))
    const kinds: Record<string, number> = {}
    try {
      for (let n = 0; n < 150; n++) {
        const { kind } = await deliver(p, mbox(anna.name, { locks: [] }))
        kinds[kind] = (kinds[kind] ?? 0) + 1
      }
    } finally {
      child.kill('SIGKILL')
    }
    assert.is(fs.readFileSync(file, 'utf8'), 'precious\n')
    assert.ok(kinds.deferred, JSON.stringify(kinds))
    process.stdout.write(`# juggled: ${JSON.stringify(kinds)}\n`)
    await goesOn(p)
  }),
)

/** Speaks to the socket as a worker that was taken over would. */
async function raw(p: Place, bytes: Buffer | string): Promise<string> {
  const socket: Socket = createConnection(p.socket)
  socket.on('error', () => undefined)
  socket.write(bytes)
  let said = ''
  for await (const chunk of socket) said += chunk
  return said
}
const framed = (type: number, body: Buffer | string): Buffer => {
  const bytes = Buffer.from(body as string)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length)
  head[4] = type
  return Buffer.concat([head, bytes])
}
const asked = (request: object): Buffer => framed(1, JSON.stringify(request))
const bad: [string, object | Buffer][] = [
  ['noise', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['zeros', Buffer.alloc(10_000)],
  ['a frame of 4 GiB', Buffer.from([255, 255, 255, 255, 1])],
  ['a chunk first', framed(2, 'hello')],
  ['no JSON', framed(1, '{')],
  ['null', framed(1, 'null')],
  ['an unknown kind', { kind: 'remove', user: 'nobody' }],
  ['a kind of every object', { kind: 'constructor', user: 'nobody' }],
  ['a further key', { ...maildir('nobody'), uid: 0 }],
  ['..', maildir('nobody', { folder: { below: 'home', path: '../../root/' } })],
  ['.. in the middle', maildir('nobody', { folder: { below: 'root', path: '/tmp/../root' } })],
  ['absolute below home', maildir('nobody', { folder: { below: 'home', path: '/root' } })],
  ['relative below root', maildir('nobody', { folder: { below: 'root', path: 'root' } })],
  ['an empty path', maildir('nobody', { folder: { below: 'home', path: '' } })],
  ['a NUL in a path', maildir('nobody', { folder: { below: 'home', path: 'a\0b' } })],
  ['a name of 300 bytes', maildir('nobody', { folder: { below: 'home', path: 'a'.repeat(300) } })],
  ['a path of 10,000 bytes', maildir('nobody', { folder: { below: 'home', path: 'a/'.repeat(5000) } })],
  ['a user that is no text', maildir(0 as unknown as string)],
  ['a user of 300 bytes', maildir('a'.repeat(300))],
  ['above: no header', maildir('nobody', { above: 'hello\n' })],
  ['above: no line end', maildir('nobody', { above: 'A: b' })],
  ['a lock of another kind', mbox('nobody', { locks: ['lockf'] })],
  ['a mailbox that is a folder', mbox('nobody', { file: { below: 'home', path: 'mbox/' } })],
  ['no program', { ...maildir('nobody'), kind: 'command', folder: undefined, argv: [], timeout: 1 }],
  ['a program that env would read', { kind: 'command', user: 'nobody', above: '', argv: ['A=b', 'id'], timeout: 1 }],
  ['an option of env', { kind: 'command', user: 'nobody', above: '', argv: ['-S id'], timeout: 1 }],
  ['LD_PRELOAD', { kind: 'command', user: 'nobody', above: '', argv: ['id'], env: { LD_PRELOAD: '/x' }, timeout: 1 }],
  ['no time', { kind: 'command', user: 'nobody', above: '', argv: ['id'], timeout: 0 }],
]
bothModes(
  'garbage and everything that is not on the list: closed without an answer, by the same helper',
  inPlace(async (p) => {
    await goesOn(p)
    const { pids } = p.helpers
    for (const [title, what] of bad) assert.is(await raw(p, Buffer.isBuffer(what) ? what : asked(what)), '', title)
    await until('all of them in the log', () => p.log.length === bad.length)
    assert.ok(p.log.every((l) => l.event === 'users.refused'))
    await goesOn(p)
    assert.ok(p.helpers.pids.includes(pids[0]!))
  }),
)
bothModes(
  'content that is cut off, counted wrong or changed is not delivered',
  inPlace(async (p) => {
    const anna = p.person()
    const end = (length: number, crc: number) => {
      const bytes = Buffer.alloc(12)
      bytes.writeBigUInt64BE(BigInt(length))
      bytes.writeUInt32BE(crc, 8)
      return framed(3, bytes)
    }
    for (const rest of [
      [],
      [framed(2, 'abc')],
      [framed(2, 'abc'), end(4, 0x352441c2)],
      [framed(2, 'abd'), end(3, 0x352441c2)],
      [framed(2, 'abc'), framed(1, '{}')],
    ])
      assert.is(
        await new Promise<string>((done) => {
          const socket = createConnection(p.socket, () =>
            socket.end(Buffer.concat([asked(maildir(anna.name)), ...rest])),
          )
          let said = ''
          socket.on('data', (c) => (said += c)).on('error', () => undefined)
          socket.on('close', () => done(said))
        }),
        '',
      )
    assert.not(fs.existsSync(path.join(anna.home, 'Maildir')))
    // the same with a right end: it is the end that counts
    const socket = createConnection(p.socket)
    socket.write(Buffer.concat([asked(maildir(anna.name)), framed(2, 'abc'), end(3, 0x352441c2)]))
    const [said] = (await socket.take(1).toArray()) as Buffer[]
    assert.match(String(said), /"delivered"/)
  }),
)

/** Kills the helper when the file is there. */
async function killWhen(p: Place, there: () => boolean): Promise<void> {
  await until('the moment', there)
  for (const pid of p.helpers.pids) process.kill(pid, 'SIGKILL')
}
const endless = (wait: Promise<unknown>) => ({
  async *stream() {
    yield Buffer.alloc(2_000_000, 'x\n')
    await wait
    yield Buffer.from('end\n')
  },
})
bothModes(
  'a helper that dies in the middle: a fault, then the next one',
  inPlace(async (p) => {
    const anna = p.person()
    for (const request of [maildir(anna.name), mbox(anna.name)]) {
      const tmp = path.join(anna.home, 'Maildir/tmp')
      const begun =
        request.kind === 'maildir'
          ? () => fs.existsSync(tmp) && files(tmp).length === 1
          : () => fs.existsSync(path.join(anna.home, 'mbox.lock'))
      const killed = killWhen(p, begun)
      const said = await p.client.deliver(request, endless(killed), callOf()).catch((e: Error) => e.name)
      assert.is(said, 'HelperGone')
      // whoever asks before its end is known gets the same
      const died = request.kind === 'maildir' ? 1 : 2
      await until('its end', () => p.log.filter((l) => l.event === 'users.died').length >= died)
      assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
    }
    assert.is(files(anna.home, 'Maildir/new').length, 2)
    assert.is(files(anna.home, 'Maildir/tmp').length, 1)
    assert.ok(p.log.filter((l) => l.event === 'users.died').length >= 2)
  }),
)
bothModes(
  'a worker that dies in the middle: nothing is delivered, nothing left',
  inPlace(async (p) => {
    const anna = p.person()
    const tmp = path.join(anna.home, 'Maildir/tmp')
    const gone = new AbortController()
    const going = until('a file', () => fs.existsSync(tmp) && files(tmp).length === 1).then(() => gone.abort())
    const never = new Promise(() => undefined)
    const said = await p.client
      .deliver(maildir(anna.name), endless(Promise.race([going.then(() => never)])), callOf(gone.signal))
      .catch((e: Error) => e.name)
    assert.is(said, 'AbortError')
    await until('it to be cleared away', () => files(tmp).length === 0)
    assert.equal(files(anna.home, 'Maildir/new'), [])
  }),
)
bothModes(
  'a home that hangs: the helper is ended, the others go on',
  inPlace(
    async (p) => {
      const anna = p.person()
      if (!(await hang(anna.home, (step) => p.undo(step))))
        return void process.stdout.write('# skipped: no /dev/fuse, or no right to mount\n')
      const waits = deliver(p, maildir(anna.name)).catch((e: Error) => e.name as unknown as UserOutcome)
      await goesOn(p)
      assert.is(await waits, 'HelperGone' as unknown as UserOutcome)
      assert.ok(p.log.some((l) => l.event === 'users.hung'))
      await goesOn(p)
    },
    { deadline: 2000 },
  ),
)
test.run()
