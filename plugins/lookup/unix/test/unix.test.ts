import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import type { Lookup, OpenTable } from '@postern/core'
import { fakeCall, missingPrograms, random, tableContract, until } from '@postern/testkit'
import { postmapAnswers } from '../../../../packages/cdb/test/support/postmap.ts'
import { servicesIn } from '@postern/processes/name-services'
import { time, unix } from './support/table.ts'

const get = async (table: OpenTable, key: string): Promise<Lookup> => table.get(key, fakeCall())
const namesIn = (file: string) =>
  fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':')[0]!)
    .filter((name) => name !== '')

test('an object names the map, too', async () => {
  assert.is((await get(unix({ map: 'passwd.byname' }), 'root')).kind, 'found')
  for (const spec of [{ map: 'passwd.bynam' }, {}, { map: 'passwd.byname', x: 1 }])
    assert.match(String(await unix(spec).check!()), /^unix table: need "unix:passwd\.byname"/)
})
const why = missingPrograms('postmap')
for (const [map, file] of [
  ['passwd.byname', '/etc/passwd'],
  ['group.byname', '/etc/group'],
] as const)
  (why ? test.skip : test)(`the same answers as postmap -q: ${map}`, async () => {
    const next = random(3)
    const others = Array.from({ length: 1200 }, () => Math.floor(next() * 1e9).toString(36))
    const names = namesIn(file)
    const odd = ['0', '65534', '+0', '-1', '007', ' 0', '-h', '--help', 'a b', '%s', 'root@example.org', 'a/b', 'ü']
    const keys = [...names, ...names.map((name) => name.toUpperCase()), ...others, ...odd]
    const theirs = postmapAnswers(`unix:${map}`, keys)
    const table = unix(map)
    const ours = await Promise.all(keys.map((key) => get(table, key)))
    for (const [i, key] of keys.entries())
      assert.equal(ours[i], theirs[i] === undefined ? absent() : found(theirs[i]), JSON.stringify(key))
    assert.ok(theirs.filter((one) => one !== undefined).length >= names.length * 2 - 2)
    process.stdout.write(`# ${keys.length} keys, ${table.stats!().processes} processes\n`)
    assert.ok(table.stats!().processes! < keys.length / 8)
    await table.close!()
  })

const lines: [string, string[], string[]][] = [
  ['passwd: files systemd\ngroup: files\n', ['files', 'systemd'], ['files']],
  ['# passwd: nis\n  GROUP:files [!UNAVAIL=return] sss  # ldap\n', [], ['files', 'sss']],
  ['', [], []],
]
test('the services of nsswitch.conf', () => {
  for (const [text, users, groups] of lines)
    assert.equal([servicesIn(text, 'passwd'), servicesIn(text, 'group')], [users, groups])
})
test('kept for a while, the absent ones for less', async () => {
  const table = unix('passwd.byname')
  const spawned = () => table.stats!().processes
  assert.is((await get(table, 'root')).kind, 'found')
  assert.equal(await get(table, 'nobody-there'), absent())
  assert.is(spawned(), 2)
  assert.not.instance(table.get('ROOT', fakeCall()), Promise)
  time.now += 9_999
  assert.not.instance(table.get('nobody-there', fakeCall()), Promise)
  time.now += 1
  assert.equal(await get(table, 'nobody-there'), absent())
  assert.is(spawned(), 3)
  time.now += 49_999
  assert.not.instance(table.get('root', fakeCall()), Promise)
  time.now += 1
  assert.is((await get(table, 'root')).kind, 'found')
  assert.is(spawned(), 4)
  await table.close!()
})
test('a number is no name', async () => {
  const table = unix('passwd.byname')
  for (const key of ['0', '+0', '-0', ' 0', '', 'a:b', 'a\nb', 'a\0']) assert.equal(await get(table, key), absent())
  assert.is(table.stats!().processes, 0)
})
test('a new user is found when the answer has grown old', async () => {
  if (process.getuid!() !== 0) return
  const name = `pn${process.pid.toString(36)}unix`
  const table = unix('passwd.byname')
  assert.equal(await get(table, name), absent())
  try {
    assert.is(spawnSync('useradd', ['-M', '-d', '/nowhere', '-c', 'A User,,,', name]).status, 0)
    assert.equal(await get(table, name), absent())
    time.now += 10_000
    const answer = await get(table, name)
    assert.match(answer.kind === 'found' ? answer.value : '', new RegExp(`^${name}:x:\\d+:\\d+:A User,,,:/nowhere:`))
  } finally {
    spawnSync('userdel', ['-f', name])
  }
  await table.close!()
})
for (const spec of ['', 'passwd', 'passwd.byuid', { file: 'x' }])
  test(`a map that is not there: ${JSON.stringify(spec)}`, async () => {
    const table = unix(spec)
    const problem = (await table.check!())!
    assert.equal(await get(table, 'root'), { kind: 'failed', why: 'misconfigured', cause: problem })
    assert.match(problem, '"unix:passwd.byname"')
  })

/** A getent of our own in front of the system's: the real one cannot be made to say this. */
function pretend(script: string): () => void {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'getent-'))
  fs.writeFileSync(path.join(folder, 'getent'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const before = process.env.PATH
  process.env.PATH = `${folder}:${before}`
  return () => {
    process.env.PATH = before
    fs.rmSync(folder, { recursive: true })
  }
}
const bad: [string, string, RegExp][] = [
  ['an exit code that is no answer', 'exit 3', /exit code 3/],
  ['killed', 'kill -9 $$', /getent passwd/],
  ['not UTF-8', "printf 'root:x:0:0:\\377:/:/bin/sh\\n'", /not UTF-8/],
]
for (const [title, script, cause] of bad)
  test(`failed, never absent: ${title}`, async () => {
    const undo = pretend(script)
    const table = unix('passwd.byname')
    try {
      const answer = await get(table, 'root')
      assert.match(answer.kind === 'failed' ? answer.cause : '', cause)
      assert.is(table.stats!().kept, 0)
    } finally {
      undo()
      await table.close!()
    }
    assert.is((await get(unix('passwd.byname'), 'root')).kind, 'found')
  })
test('another spelling is found by asking for each alone', async () => {
  const undo = pretend(
    'case "$*" in *joe*) echo "joe@site:x:1:1::/:/bin/sh";; esac; case "$*" in *root*) echo "root:x:0:0::/:";; *none*) exit 2;; esac',
  )
  const table = unix('passwd.byname')
  try {
    const answers = await Promise.all(['first', 'second', 'root', 'joe', 'none'].map((key) => get(table, key)))
    assert.equal(answers[2], found('root:x:0:0::/:'))
    assert.equal(answers[3], found('joe@site:x:1:1::/:/bin/sh'))
    assert.equal(answers[4], absent())
  } finally {
    undo()
    await table.close!()
  }
})
test('the start does not wait for what hangs', async () => {
  const undo = pretend('exec sleep 60')
  const table = unix('passwd.byname')
  try {
    assert.match((await table.check!()) ?? '', /^unix:passwd.byname: no answer within/)
  } finally {
    await table.close!()
    undo()
  }
})
test('at most two processes, whoever asks; nothing runs when it is closed', async () => {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'count-'))
  const undo = pretend(`touch ${folder}/$$; exec sleep 60`)
  const table = unix('passwd.byname')
  try {
    const asked = Array.from({ length: 100 }, (_, i) => get(table, `name${i}`))
    const call = fakeCall()
    const gone = table.get('late', call)
    await until('two processes', () => fs.readdirSync(folder).length === 2)
    assert.is(table.stats!().processes, 2)
    call.abort(new Error('the client has gone'))
    assert.match(JSON.stringify(await gone), 'the client has gone')
    const pids = fs.readdirSync(folder).map(Number)
    await table.close!()
    for (const answer of await Promise.all(asked)) assert.is(answer.kind, 'failed')
    await until('their end', () => pids.every((pid) => !lives(pid)))
    assert.is((await get(table, 'other')).kind, 'failed')
  } finally {
    undo()
    fs.rmSync(folder, { recursive: true })
  }
})
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const NAMES = fileURLToPath(new URL('support/names.ts', import.meta.url))
/** Its own copy of /etc, in which hesiod asks a name server of its own loopback. */
const OWN = `ip link set lo up && cp -a /etc "$1/etc" && mount --bind "$1/etc" /etc || exit 99
printf 'lhs=.ns\\nrhs=.test\\nclasses=IN\\n' > /etc/hesiod.conf
rm -f /etc/resolv.conf; printf 'nameserver 127.0.0.1\\noptions timeout:1 attempts:1\\n' > /etc/resolv.conf
shift; exec "$@"`
test('found, absent, down and hung, by a real service', () => {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'pn-etc-'))
  try {
    const args = ['-n', '-m', 'sh', '-c', OWN, 'sh', folder, process.execPath, '--import', 'tsx', NAMES]
    const run = process.getuid!() === 0 ? spawnSync('unshare', args, { encoding: 'utf8', timeout: 60_000 }) : undefined
    if (!run || run.error || run.status === 99 || run.status === 1)
      return void process.stdout.write(`# skipped: not root, or no right to unshare: ${run?.stderr ?? ''}\n`)
    assert.is(run.stderr, '')
    const said = JSON.parse(run.stdout) as Record<string, unknown>
    const failed = (map: string, name: string, service = 'hesiod') => ({
      kind: 'failed',
      why: 'retry',
      cause: `unix:${map}.byname: ${name}: "${service}" of nsswitch.conf does not answer`,
    })
    assert.equal(said.down, failed('passwd', 'down'))
    assert.equal(said.downGroup, failed('group', 'crew'))
    assert.is((said.nobody as Lookup).kind, 'found', 'who is in the files is found whatever is down')
    assert.is(said.check, 'well')
    assert.equal(said.here, found('here:x:40001:40001:A User:/tmp:/bin/sh'))
    assert.equal(said.crew, found('crew:x:40002:here'))
    assert.equal([said.gone, said.again], [absent(), absent()])
    assert.equal(said.batch, ['found', 'found', 'absent', 'absent', 'found', 'absent'])
    assert.equal(said.servfail, failed('passwd', 'servfail'))
    assert.equal(said.hung, { kind: 'failed', why: 'retry', cause: 'unix:passwd.byname: the client has gone' })
    assert.equal(said.nomodule, failed('passwd', 'nomodule', 'nis'))
    assert.equal(said.local, absent())
    // users, groups (which stay so), users again, and the missing module
    assert.equal(said.events, ['table.down', 'table.down', 'table.up', 'table.down', 'table.up'])
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})
test.run()

tableContract('unix', () => {
  let undo: (() => void) | undefined
  return {
    table: unix('passwd.byname'),
    found: { root: spawnSync('getent', ['passwd', 'root'], { encoding: 'utf8' }).stdout.trimEnd() },
    absent: ['nobody-at-all'],
    breakIt: () => void (undo = pretend('exit 1')),
    hang: () => void (undo = pretend('exec sleep 60')),
    close: () => undo?.(),
  }
})
