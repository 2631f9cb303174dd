/** Strict mode: who delivers can become nobody else, is bounded, and is not believed. */
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import type { UserRequest } from '@postern/core'
import { UserClient } from '@postern/processes'
import { ABOVE, MAIL, asRoot, callOf, contentOf, files, place } from './support/people.ts'
import type { Person, Place } from './support/people.ts'
import { lives, until } from './support/site.ts'

const request = (kind: string, user: string, more: object): UserRequest =>
  ({ kind, user, above: ABOVE, ...more }) as unknown as UserRequest
const maildir = (user: string) => request('maildir', user, { folder: { below: 'home', path: 'Maildir/' } })
const sh = (user: string, script: string) => request('command', user, { argv: ['sh', '-c', script], timeout: 20_000 })
const deliver = (p: Place, request: UserRequest) => p.client.deliver(request, contentOf(MAIL), callOf())
const childrenOf = (pid: number): number[] =>
  fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
/** The processes of users; getent(1) and the like run beside them. */
const crewOf = (p: Place): number[] =>
  p.helpers.pids.flatMap(childrenOf).filter((pid) => {
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postern users')
    } catch {
      return false
    }
  })
const status = (pid: number) => {
  const text = fs.readFileSync(`/proc/${pid}/status`, 'utf8')
  return (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)![1]!.trim().split(/\s+/)
}
const NONE = '0000000000000000'

asRoot(
  'real, effective and saved ids, groups and capabilities are the user’s while it delivers and after',
  place(
    async (p) => {
      const berta = p.person()
      const anna = p.person('-G', berta.name)
      // a program's parent is who delivers
      const parent = await deliver(p, sh(anna.name, 'cat /proc/$PPID/status; cat > got'))
      for (const [name, expected] of [
        ['Uid', Array(4).fill(String(anna.uid))],
        ['Gid', Array(4).fill(String(anna.gid))],
        ['CapPrm', [NONE]],
        ['CapEff', [NONE]],
      ] as const)
        assert.equal(new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(parent.output!)![1]!.split(/\s+/), expected, name)
      assert.is(fs.readFileSync(path.join(anna.home, 'got'), 'utf8'), ABOVE + MAIL)
      assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
      assert.is((await deliver(p, maildir(berta.name))).kind, 'delivered')
      const crew = crewOf(p)
      assert.is(crew.length, 2)
      const ids: string[] = []
      for (const pid of crew) {
        const of = status(pid)
        ids.push(of('Uid')[0]!)
        assert.equal(new Set(of('Uid')).size, 1)
        assert.equal(new Set(of('Gid')).size, 1)
        for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) assert.equal(of(set), [NONE], set)
        if (of('Uid')[0] === String(anna.uid))
          assert.equal(of('Groups').sort(), [String(anna.gid), String(berta.gid)].sort())
      }
      assert.equal(ids.sort(), [String(anna.uid), String(berta.uid)].sort())
      // the same again for the next one
      assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
      assert.equal(crewOf(p), crew)
      assert.is(p.helpers.pids.length, 1)
    },
    { strict: true },
  ),
)
asRoot(
  'never more than they may be: those without work make room',
  place(
    async (p) => {
      const people = Array.from({ length: 5 }, () => p.person())
      let most = 0
      const look = setInterval(() => (most = Math.max(most, crewOf(p).length)), 10)
      const all = Array.from({ length: 20 }, (_, n) => people[n % 5]!)
      const outcomes = await Promise.all(all.map((one) => deliver(p, maildir(one.name))))
      clearInterval(look)
      assert.ok(outcomes.every((o) => o.kind === 'delivered'))
      for (const one of people) assert.is(files(one.home, 'Maildir/new').length, 4)
      assert.is(most, 2)
      assert.equal(p.log, [])
    },
    { strict: true, strictProcesses: 2 },
  ),
)
asRoot(
  'one that dies is a fault for its user alone; with the helper all of them end',
  place(
    async (p) => {
      const [anna, berta] = [p.person(), p.person()]
      const started = (who: Person) => path.join(who.home, 'started')
      const wait = (who: Person) => deliver(p, sh(who.name, `echo > ${started(who)}; sleep 3; rm ${started(who)}`))
      const annas = wait(anna).catch((e: Error) => e.name)
      const bertas = wait(berta)
      await until('both to run', () => fs.existsSync(started(anna)) && fs.existsSync(started(berta)))
      const victim = crewOf(p).find((pid) => status(pid)('Uid')[0] === String(anna.uid))!
      process.kill(victim, 'SIGKILL')
      assert.is(await annas, 'HelperGone')
      assert.is((await bertas).kind, 'delivered')
      assert.ok(fs.existsSync(started(anna)), 'its program ended with it')
      assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
      assert.equal(
        p.log.map((l) => [l.event, l.fields.uid]),
        [['users.died', anna.uid]],
      )
      const crew = crewOf(p)
      for (const pid of p.helpers.pids) process.kill(pid, 'SIGKILL')
      await until('all of them to end', () => !crew.some(lives) && p.log.length === 2)
      assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
    },
    { strict: true },
  ),
)
/** Writes to the channel of a process with its user's rights alone, as a debugger can. */
const SPEAKER = `my ($pid, $text) = @ARGV;
my $p = syscall(434, $pid + 0, 0); die "pidfd_open: $!" if $p < 0;
my $fd = syscall(438, $p, 3, 0); die "pidfd_getfd: $!" if $fd < 0;
open(my $f, ">&=", $fd) or die; syswrite($f, $text) or die;`
asRoot(
  'what a user makes of a process of its own harms nobody',
  place(
    async (p) => {
      const [anna, berta] = [p.person(), p.person()]
      const ids = (who: Person) => [`--reuid=${who.uid}`, `--regid=${who.gid}`, '--clear-groups']
      assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
      assert.is((await deliver(p, maildir(berta.name))).kind, 'delivered')
      const [helper] = p.helpers.pids
      const victim = spawn('setpriv', [...ids(berta), 'sleep', '60'], { detached: true, stdio: 'ignore' })
      p.undo(() => victim.kill('SIGKILL'))
      const speak = (text: string) => {
        const own = crewOf(p).find((pid) => status(pid)('Uid')[0] === String(anna.uid))!
        const args = [...ids(anna), 'perl', '-e', SPEAKER, String(own), text]
        const { stderr, status: code } = spawnSync('setpriv', args, { encoding: 'utf8' })
        assert.is(code, 0, stderr)
        return own
      }
      for (const text of [
        'noise\n',
        'null\n',
        '4\n',
        '{}\n',
        '{"kind":"aside","connections":-1}\n',
        '"'.repeat(9000) + '\n',
      ])
        speak(text)
      // whatever it names, only its own is ended with it
      const groups = [victim.pid!, helper!, process.pid, 1, -1].map((pid) => ({ kind: 'group', pid, over: false }))
      const own = speak(groups.map((g) => JSON.stringify(g) + '\n').join(''))
      assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
      process.kill(own, 'SIGKILL')
      await until('its end', () => p.log.some((l) => l.event === 'users.died'))
      assert.is((await deliver(p, maildir(berta.name))).kind, 'delivered')
      assert.ok(lives(victim.pid!) && lives(helper!))
      assert.equal(p.helpers.pids, [helper])
      assert.is((await deliver(p, maildir(anna.name))).kind, 'delivered')
    },
    { strict: true },
  ),
)
/** A socket that gives one answer, whatever it is asked. */
async function answering(p: Place, answer: string): Promise<UserClient> {
  const bytes = Buffer.from(answer)
  const head = Buffer.from([0, 0, 0, 0, 4])
  head.writeUInt32BE(bytes.length)
  const server = createServer((socket) => socket.on('error', () => undefined).end(Buffer.concat([head, bytes])))
  p.undo(() => server.close())
  const at = path.join(p.folder, `s${Math.random()}`)
  await new Promise<void>((done) => server.listen(at, done))
  return new UserClient(at)
}
const outcomes: [answer: string, came: string][] = [
  ['{"kind":"delivered","esc":"2.0.0","text":"x"}', '{"kind":"delivered","esc":"2.0.0","text":"x"}'],
  [
    '{"kind":"failed","esc":"5.0.0","text":"a\\r\\n250 b","output":"c","more":1}',
    '{"kind":"failed","esc":"5.0.0","text":"a??250 b","output":"c"}',
  ],
  ['{"kind":"delivered","esc":"5.0.0","text":"x"}', 'HelperGone'],
  ['{"kind":"failed","esc":"5.0.0\\r\\n","text":"x"}', 'HelperGone'],
  ['{"kind":"constructor","esc":"5.0.0","text":"x"}', 'HelperGone'],
  ['{"kind":"failed","esc":"5.0.0"}', 'HelperGone'],
  ['{"kind":"failed","esc":"5.0.0","text":"x","output":{}}', 'HelperGone'],
  ['null', 'HelperGone'],
  ['4', 'HelperGone'],
  ['{', 'HelperGone'],
]
test(
  'an answer that is none is a fault',
  place(async (p) => {
    for (const [answer, came] of outcomes) {
      const client = await answering(p, answer)
      const outcome = client.deliver(maildir('nobody'), contentOf(MAIL), callOf())
      assert.is(await outcome.then((o) => JSON.stringify(o)).catch((e: Error) => e.name), came, answer)
    }
    for (const answer of ['null', '{"kind":"found"}', '{"kind":"found","user":{"name":"x","uid":"0"}}'])
      assert.is((await (await answering(p, answer)).find('x', callOf())).kind, 'failed', answer)
  }),
)
test.run()
