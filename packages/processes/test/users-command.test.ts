/** Programs as the user: whose rights, what they inherit, what becomes of their end. */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import type { UserOutcome, UserRequest } from '@postern/core'
import { lives, pause, until } from './support/site.ts'
import { ABOVE, MAIL, bothModes, brokenContent, callOf, contentOf, inPlace, place, root } from './support/people.ts'
import type { Place } from './support/people.ts'

const program = (user: string, argv: readonly string[], more: object = {}): UserRequest =>
  ({ kind: 'command', user, above: ABOVE, argv, timeout: 30_000, ...more }) as UserRequest
const sh = (user: string, script: string, more: object = {}) => program(user, ['sh', '-c', script], more)
const run = (p: Place, request: UserRequest, text: string | Buffer = MAIL): Promise<UserOutcome> =>
  p.client.deliver(request, contentOf(text), callOf())

bothModes(
  'real, effective and saved ids and all groups are the user’s; nothing is inherited',
  inPlace(async (p) => {
    const berta = p.person()
    const anna = p.person('-G', berta.name)
    const script = 'cat /proc/self/status; ls -l /proc/self/fd; pwd; umask; env | sort; cat > got'
    const outcome = await run(p, sh(anna.name, script, { env: { SENDER: "a'b c@d", EXTENSION: '' } }))
    const { output = '' } = outcome
    const line = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(output)?.[1]?.trim().split(/\s+/)
    assert.equal(line('Uid'), Array(4).fill(String(anna.uid)))
    assert.equal(line('Gid'), Array(4).fill(String(anna.gid)))
    assert.equal(line('Groups')!.sort(), [String(anna.gid), String(berta.gid)].sort())
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) assert.equal(line(set), ['0000000000000000'], set)
    // ls itself has one open: the folder
    const open = [...output.matchAll(/ (\d+) -> (\S+)/g)].map((m) => [m[1], m[2]!.replace(/\d+/g, 'N')])
    assert.equal(
      open.slice(0, 3).map(([fd, to]) => [fd, to!.replace(/:.*/, '')]),
      [
        ['0', 'socket'],
        ['1', 'socket'],
        ['2', 'socket'],
      ],
    )
    assert.equal(open.slice(3), [['3', '/proc/N/fd']])
    const rest = output.slice(output.lastIndexOf(' -> ')).split('\n').slice(1)
    assert.equal(rest.slice(0, 2), [anna.home, '0077'])
    const env = Object.fromEntries(
      rest
        .slice(2)
        .filter(Boolean)
        .map((l) => l.split(/=(.*)/s).slice(0, 2)),
    )
    delete env._
    delete env.TZ
    delete env.LANG
    assert.equal(env, {
      EXTENSION: '',
      HOME: anna.home,
      LOGNAME: anna.name,
      PATH: '/usr/local/bin:/usr/bin:/bin',
      PWD: anna.home,
      SENDER: "a'b c@d",
      SHELL: '/bin/sh',
      USER: anna.name,
    })
    assert.is(fs.readFileSync(path.join(anna.home, 'got'), 'utf8'), ABOVE + MAIL)
    assert.is(fs.statSync(path.join(anna.home, 'got')).uid, anna.uid)
    assert.is(outcome.kind, 'delivered')
  }),
)

const long = '/bin/sh'
const ends: [script: string, kind: string, esc: string, text: string][] = [
  ['exit 0', 'delivered', '2.0.0', 'delivered to command: sh -c exit 0'],
  ['echo hello', 'delivered', '2.0.0', 'delivered to command: sh -c echo hello'],
  ['exit 64', 'failed', '5.3.0', 'command line usage error'],
  ['exit 65', 'failed', '5.6.0', 'data format error'],
  ['exit 66', 'failed', '5.3.0', 'cannot open input'],
  ['exit 67', 'failed', '5.1.1', 'user unknown'],
  ['exit 68', 'failed', '5.1.2', 'host name unknown'],
  ['exit 69', 'failed', '5.3.0', 'service unavailable'],
  ['exit 70', 'failed', '5.3.0', 'internal software error'],
  ['exit 71', 'deferred', '4.3.0', 'system resource problem'],
  ['exit 72', 'failed', '5.3.0', 'critical OS file missing'],
  ['exit 73', 'failed', '5.2.0', "can't create user output file"],
  ['exit 74', 'failed', '5.3.0', 'input/output error'],
  ['exit 75', 'deferred', '4.3.0', 'temporary failure'],
  ['exit 76', 'failed', '5.5.0', 'remote error in protocol'],
  ['exit 77', 'failed', '5.7.0', 'permission denied'],
  ['exit 78', 'failed', '5.3.5', 'local configuration error'],
  ['exit 1', 'failed', '5.3.0', 'Command died with status 1: "sh -c exit 1"'],
  ['exit 79', 'failed', '5.3.0', 'Command died with status 79: "sh -c exit 79"'],
  ['echo no way; exit 69', 'failed', '5.3.0', 'service unavailable. Command output: no way'],
  ['echo 4.7.1 greylisted >&2; exit 69', 'deferred', '4.7.1', 'greylisted'],
  ['echo 5.7.1 not you; exit 75', 'failed', '5.7.1', 'not you'],
  ['echo 4.7.1 but done', 'delivered', '2.0.0', 'delivered to command: sh -c echo 4.7.1 but done'],
  ['kill -TERM $$', 'deferred', '4.3.0', 'Command died with signal 15: "sh -c kill -TERM $$"'],
]
bothModes(
  'how a program ends, as pipe(8) has it',
  inPlace(async (p) => {
    const anna = p.person()
    for (const [script, kind, esc, text] of ends) {
      const outcome = await run(p, sh(anna.name, script))
      assert.equal([outcome.kind, outcome.esc, outcome.text], [kind, esc, text], script)
    }
    for (const argv of [['/no/such/program'], ['no-such-program'], ['/etc/passwd']]) {
      const outcome = await run(p, program(anna.name, argv))
      assert.equal([outcome.kind, outcome.esc], ['deferred', '4.3.0'], argv[0])
      assert.match(outcome.text, /No such file|Permission denied/)
    }
    assert.is((await run(p, program(anna.name, [long, '-c', 'yes | head -c 100000']))).output!.length, 4096 - 1)
    // it reads nothing of a large message, and it is well
    assert.is((await run(p, sh(anna.name, 'exit 0'), Buffer.alloc(3_000_000, 'x\n'))).kind, 'delivered')
    const folder = { folder: { below: 'home', path: 'not/there' } }
    assert.is((await run(p, sh(anna.name, 'exit 0', folder))).esc, '4.2.0')
  }),
)
const childrenOf = (pid: number): number[] =>
  fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
const isHelper = (pid: number) => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postern users')
const pidIn = (file: string) => Number(fs.readFileSync(file, 'utf8'))
bothModes(
  'late, cut off, or left alone: the whole group is killed, and no zombie stays',
  inPlace(async (p) => {
    const anna = p.person()
    const file = path.join(anna.home, 'pid')
    const script = `sleep 600 & echo $! > ${file}; cat > /dev/null; sleep 600; echo > ended`
    const late = await run(p, sh(anna.name, script, { timeout: 1000 }))
    assert.equal([late.kind, late.esc], ['deferred', '4.3.0'])
    assert.match(late.text, /^Command time limit exceeded: "sh -c /)
    await until('its child to be gone', () => !lives(pidIn(file)))

    fs.rmSync(file)
    const broken = p.client.deliver(sh(anna.name, script), brokenContent(Buffer.alloc(2_000_000, 'x')), callOf())
    assert.is(await broken.catch((e: Error) => e.message), 'the body is damaged')
    if (fs.existsSync(file)) await until('its child to be gone', () => !lives(pidIn(file)))

    fs.rmSync(file, { force: true })
    const killed = run(p, sh(anna.name, script)).catch((e: Error) => e.name)
    await until('it to run', () => fs.existsSync(file) && pidIn(file) > 0)
    await pause(100)
    for (const pid of p.helpers.pids) process.kill(pid, 'SIGKILL')
    assert.is(await killed, 'HelperGone')
    await until('its child to be gone', () => !lives(pidIn(file)))
    assert.not(fs.existsSync(path.join(anna.home, 'ended')))

    assert.is((await run(p, sh(anna.name, 'exit 0'))).kind, 'delivered')
    // what goes on behind a program that has ended does not keep the helper
    assert.is((await run(p, sh(anna.name, 'sleep 20 & exit 0'))).kind, 'delivered')
    for (const pid of p.helpers.pids) {
      // in strict mode its children are the users' own helpers
      const children = childrenOf(pid)
      const all = children.flatMap((child) => (isHelper(child) ? childrenOf(child) : [child]))
      assert.equal(all, [])
    }
  }),
)

const AS_NOBODY = fileURLToPath(new URL('support/as-nobody.ts', import.meta.url))
test('not as root: its own user alone; what the starter had open stays behind', async () => {
  const check = (other: string) => {
    const become = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups']
    const leak = ['perl', '-MPOSIX', '-e', 'POSIX::dup2(1, 200); exec @ARGV']
    const [command, ...args] = [...leak, ...(root ? become : []), process.execPath, '--import', 'tsx', AS_NOBODY, other]
    const { stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8', env: { PATH: process.env.PATH } })
    assert.is(stderr, '')
    const [own, others] = JSON.parse(stdout) as [UserOutcome, UserOutcome]
    const [uid, expected, ...open] = own.output!.split(/\s+/)
    assert.equal([own.kind, uid, open], ['delivered', expected, ['0', '1', '2', '3']])
    assert.equal([others.kind, others.esc], ['deferred', '4.3.5'])
    assert.is(others.text, `mail system configuration error: no rights to deliver as user ${other}`)
  }
  if (!root) return check('nobody')
  await place(async (p) => check(p.person().name))()
})
test.run()
