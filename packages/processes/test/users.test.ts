/** The helper for users: what it delivers, with whose rights, and what it answers. */
import * as fs from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import type { UserRequest } from '@postern/core'
import {
  ABOVE,
  MAIL,
  asRoot,
  bothModes,
  brokenContent,
  callOf,
  contentOf,
  files,
  inPlace,
  only,
  place,
} from './support/people.ts'
import { until } from './support/site.ts'

const maildir = (user: string, more: object = {}): UserRequest => ({
  kind: 'maildir',
  user,
  above: ABOVE,
  folder: { below: 'home', path: 'Maildir/' },
  ...more,
})
const owned = (file: string) => {
  const { uid, gid, mode } = fs.lstatSync(file)
  return [uid, gid, mode & 0o777]
}
const DONE = { kind: 'delivered', esc: '2.0.0', text: 'delivered to maildir' }

bothModes(
  'maildir: made when missing, the file and folders are the user’s, names as deliver-maildir',
  inPlace(async ({ client, person, helpers }) => {
    const anna = person()
    assert.equal(helpers.pids, [], 'nobody asked yet')
    assert.equal(await client.deliver(maildir(anna.name), contentOf(MAIL), callOf()), DONE)
    const box = path.join(anna.home, 'Maildir')
    const file = only(box, 'new')
    assert.is(fs.readFileSync(file, 'utf8'), ABOVE + MAIL)
    assert.match(path.basename(file), /^\d{10}\.V[0-9a-f]+I[0-9a-f]+M\d{1,6}\./)
    assert.equal(owned(file), [anna.uid, anna.gid, 0o600])
    for (const name of ['', 'tmp', 'new', 'cur'])
      assert.equal(owned(path.join(box, name)), [anna.uid, anna.gid, 0o700], name)
    assert.equal(files(box, 'tmp'), [])
    assert.is(helpers.pids.length, 1)
  }),
)
bothModes(
  'maildir: an absolute folder, deep; large content in pieces; a limit',
  inPlace(async ({ client, person, folder }) => {
    const anna = person()
    const open = path.join(folder, 'open')
    fs.mkdirSync(open, { mode: 0o777 })
    fs.chmodSync(open, 0o777)
    const large = Buffer.alloc(3_000_000, 'abcdefgh\n')
    const at = { below: 'root', path: path.join(open, 'a/b') }
    assert.equal(await client.deliver(maildir(anna.name, { folder: at }), contentOf(large, 100_001), callOf()), DONE)
    assert.is(fs.readFileSync(only(open, 'a/b/new'), 'utf8'), ABOVE + large.toString())
    const limited = await client.deliver(maildir(anna.name, { limit: 2_000_000 }), contentOf(large), callOf())
    assert.equal(limited, {
      kind: 'failed',
      esc: '5.2.2',
      text: 'maildir delivery failed: error writing message: File too large',
    })
    assert.equal([files(anna.home, 'Maildir/tmp'), files(anna.home, 'Maildir/new')], [[], []])
  }),
)
bothModes(
  'find: found, absent; numbers and odd names are nobody',
  inPlace(async ({ client, person }) => {
    const anna = person('-s', '/bin/dash')
    const { name, uid, gid, home } = anna
    assert.equal(await client.find(name, callOf()), {
      kind: 'found',
      user: { name, uid, gid, home, shell: '/bin/dash' },
    })
    for (const odd of ['no-such-user', String(uid), '-G', '', 'a b', 'a:b', 'x'.repeat(300), 'a\0b'])
      assert.equal(await client.find(odd, callOf()), { kind: 'absent' }, odd)
    const unknown = await client.deliver(maildir('no-such-user'), contentOf(MAIL), callOf())
    assert.equal(unknown, { kind: 'failed', esc: '5.1.1', text: 'unknown user: "no-such-user"' })
  }),
)
bothModes(
  'root, and users below the minimum, get nothing',
  inPlace(async ({ client }) => {
    for (const [name, why] of [
      ['root', 'refused to deliver as user root, which is root'],
      ['daemon', 'refused to deliver as user daemon: user id 1 is below 100'],
    ] as const)
      assert.equal(await client.deliver(maildir(name), contentOf(MAIL), callOf()), {
        kind: 'deferred',
        esc: '4.3.5',
        text: `mail system configuration error: ${why}`,
      })
  }),
)
for (const size of [1000, 2_500_000])
  bothModes(
    `content of ${size} bytes that ends too early is not delivered`,
    inPlace(async ({ client, person }) => {
      const anna = person()
      const broken = brokenContent(Buffer.alloc(size, 'x\n'))
      const file = path.join(anna.home, 'mbox')
      fs.writeFileSync(file, 'before\n')
      fs.chownSync(file, anna.uid, anna.gid)
      const started = path.join(anna.home, 'started')
      const ended = path.join(anna.home, 'ended')
      const argv = ['sh', '-c', `echo > ${started}; cat > /dev/null; echo > ${ended}`]
      const common = { user: anna.name, above: ABOVE }
      for (const request of [
        maildir(anna.name),
        { ...common, kind: 'mbox', file: { below: 'home', path: 'mbox' }, locks: ['dotlock', 'fcntl'] },
        { ...common, kind: 'command', argv, timeout: 60_000 },
      ] as UserRequest[]) {
        const error = await client.deliver(request, broken, callOf()).catch((e: Error) => e.message)
        assert.is(error, 'the body is damaged', request.kind)
      }
      // behind it comes one that is whole: the helper has cleared up by then
      assert.equal(await client.deliver(maildir(anna.name), contentOf(MAIL), callOf()), DONE)
      assert.is(files(anna.home, 'Maildir/new').length, 1)
      assert.equal(files(anna.home, 'Maildir/tmp'), [])
      assert.is(fs.readFileSync(file, 'utf8'), 'before\n')
      assert.not(fs.existsSync(`${file}.lock`))
      assert.not(fs.existsSync(ended))
    }),
  )
for (const [why, user, end] of [
  ['the call is aborted', undefined, 'AbortError'],
  ['the helper dies', undefined, 'HelperGone'],
  ['the answer comes before it', 'no-such-user', 'failed'],
] as const)
  bothModes(
    `content that does not go on keeps nobody: ${why}`,
    inPlace(async ({ client, person, helpers }) => {
      const anna = person()
      assert.equal(await client.deliver(maildir(anna.name), contentOf(MAIL), callOf()), DONE)
      const call = new AbortController()
      let goOn: () => void = () => undefined
      let closed = false
      const stuck = {
        async *stream() {
          try {
            yield Buffer.alloc(user ? 2 : 2_000_000, 'x\n')
            // so much was sent that the helper is in the middle of the message
            if (!user) await until('a file', () => files(anna.home, 'Maildir/tmp').length === 1)
            if (end === 'AbortError') setImmediate(() => call.abort())
            if (end === 'HelperGone') setImmediate(() => helpers.pids.forEach((pid) => process.kill(pid, 'SIGKILL')))
            await new Promise<void>((done) => (goOn = done))
          } finally {
            closed = true
          }
        },
      }
      const waits = client.deliver(maildir(user ?? anna.name), stuck, callOf(call.signal))
      assert.is(await waits.then((o) => o.kind as string).catch((e: Error) => e.name), end)
      goOn()
      await until('the content to be closed', () => closed)
      assert.equal(await client.deliver(maildir(anna.name), contentOf(MAIL), callOf()), DONE)
      assert.is(files(anna.home, 'Maildir/new').length, 2)
    }),
  )
asRoot(
  'many at once: up to four processes, each message once',
  place(async ({ client, person, helpers }) => {
    const people = [person(), person(), person()]
    const all = Array.from({ length: 60 }, (_, i) => i)
    const outcomes = await Promise.all(
      all.map((i) => client.deliver(maildir(people[i % 3]!.name), contentOf(`Subject: ${i}\n\nx\n`), callOf())),
    )
    assert.ok(outcomes.every((o) => o.kind === 'delivered'))
    assert.ok(helpers.pids.length > 1 && helpers.pids.length <= 4, `${helpers.pids.length}`)
    for (const [n, p] of people.entries()) {
      const folder = path.join(p.home, 'Maildir/new')
      const seen = files(folder).map((f) =>
        Number(/Subject: (\d+)/.exec(fs.readFileSync(path.join(folder, f), 'utf8'))![1]),
      )
      assert.equal(
        seen.sort((a, b) => a - b),
        all.filter((i) => i % 3 === n),
      )
      for (const f of files(folder)) assert.is(fs.statSync(path.join(folder, f)).uid, p.uid)
    }
  }),
)
bothModes(
  'supplementary groups count, and end with the delivery',
  inPlace(async ({ client, person, folder }) => {
    const berta = person()
    const anna = person('-G', berta.name)
    const shared = path.join(folder, 'shared')
    fs.mkdirSync(shared)
    fs.chownSync(shared, 0, berta.gid)
    fs.chmodSync(shared, 0o770)
    const at = { below: 'root', path: path.join(shared, 'box') }
    const carl = person()
    const kinds: string[] = []
    for (const { name } of [anna, carl, anna])
      kinds.push((await client.deliver(maildir(name, { folder: at }), contentOf(MAIL), callOf())).kind)
    assert.equal(kinds, ['delivered', 'deferred', 'delivered'])
  }),
)
test.run()
