import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { secret } from '@postern/core'
import type { Facts, LogSink } from '@postern/core'
import log, { logFile } from '@postern/ops-log'
import { sessionView, tap } from '@postern/testkit'

type Options = NonNullable<Parameters<typeof log>[0]>
const folder = mkdtempSync(join(tmpdir(), 'postern-log-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))
let n = 0
const newFile = () => join(folder, `log${n++}`)

/** Runs `use` over an open log and gives the lines that it wrote. */
async function written(
  options: Options,
  use: (sink: LogSink, t: ReturnType<typeof tap>) => unknown,
): Promise<string[]> {
  const file = newFile()
  const t = tap(log, { file, ...options })
  await t.start()
  await use(t.provided('logSink') as LogSink, t)
  await t.stop()
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}
const parsed = async (options: Options, use: Parameters<typeof written>[1]) =>
  (await written(options, use)).map((l) => JSON.parse(l) as Record<string, unknown>)

test('one JSON object an event, with time, level and queue id', async () => {
  const [line] = await parsed({}, (sink) =>
    sink.write('info', 'queue.received', { id: 'ABC', size: 3, nothing: undefined }),
  )
  const { time, ...rest } = line!
  assert.match(time as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(rest, { level: 'info', event: 'queue.received', id: 'ABC', size: 3 })
})

test('lines below the level are not written', async () => {
  const lines = await parsed({ level: 'warn' }, (sink) => {
    assert.equal([sink.enabled('info'), sink.enabled('warn'), sink.enabled('error')], [false, true, true])
    sink.write('info', 'a', {})
    sink.write('warn', 'b', {})
    sink.write('error', 'c', {})
  })
  assert.equal(
    lines.map((l) => l.event),
    ['b', 'c'],
  )
})

test('errors keep message, code and cause, and nothing else', async () => {
  const cause = Object.assign(new Error('refused', { cause: new Error('deeper') }), {
    code: 'ECONNREFUSED',
    password: 'hunter2',
  })
  const [line] = await parsed({}, (sink) => sink.write('error', 'x', { cause, list: [cause] }))
  const expected = { message: 'refused', code: 'ECONNREFUSED', cause: { message: 'deeper' } }
  assert.equal([line!.cause, line!.list], [expected, [expected]])
})

test('secrets are never written', async () => {
  const lines = await written({ redact: ['user', 'client.address'] }, (sink) =>
    sink.write('info', 'x', {
      key: secret().parse('hunter2'),
      password: 'hunter2',
      deep: { Token: 'hunter2', list: [{ secret: 'hunter2' }] },
      user: 'hunter2',
      client: { address: 'hunter2', port: 25 },
    }),
  )
  assert.is(lines.length, 1)
  assert.not.match(lines[0]!, 'hunter2')
  assert.equal((JSON.parse(lines[0]!) as { client: unknown }).client, { address: '(redacted)', port: 25 })
})

test('what cannot be written costs its line its fields, not the caller', async () => {
  const loop: Record<string, unknown> = {}
  loop.self = loop
  const lines = await parsed({}, (sink) => {
    sink.write('info', 'loop', { loop, big: 10n, bytes: new Uint8Array(5), when: new Date(NaN) })
    sink.write('info', 'getter', {
      get bad() {
        throw new Error('no')
      },
    })
  })
  assert.equal(
    lines.map((l) => l.event),
    ['loop', 'getter'],
  )
  assert.equal(
    [lines[0]!.big, lines[0]!.bytes, lines[0]!.when, lines[1]!.logFault],
    ['10', '(5 bytes)', 'invalid date', 'no'],
  )
})

test('pretty: columns, quotes where needed, no control characters', async () => {
  const lines = await written({ format: 'pretty' }, (sink) => {
    sink.write('info', 'deliver.sent', {
      id: 'ABCDEFGHIJKLM',
      to: 'a@b.example',
      text: '250 2.0.0 Ok',
      delay: 12,
      empty: '',
    })
    sink.write('warn', 'x', { text: 'evil\n\x1b[2Jline\x9b', list: ['a', 1] })
  })
  assert.match(
    lines[0]!,
    /^\d\d:\d\d:\d\d\.\d{3} INFO {2}deliver\.sent {6}ABCDEFGHIJKLM to=a@b\.example text="250 2\.0\.0 Ok" delay=12 empty=""$/,
  )
  assert.match(lines[1]!, /WARN {2}x {31}text="evil\\n\\u001b\[2Jline\\u009b" list=\["a",1\]$/)
  assert.is(lines.length, 2)
})

const session = sessionView({ client: { address: '192.0.2.1' } })
const sent = { kind: 'delivered', esc: '2.0.0', text: '250 Ok', relay: 'mx[192.0.2.9]:25' } as const
const attempt = {
  messageId: 'Q',
  sender: 's@x',
  recipient: 'r@y',
  original: 'r@y',
  transport: 'smtp',
  nexthop: 'y',
  delay: 5,
}
type Row<F extends keyof Facts = keyof Facts> = { [K in F]: readonly [K, Facts[K], string, Record<string, unknown>] }[F]
const FACTS: readonly Row[] = [
  ['connected', { session }, 'smtp.connect', { session: 'session-1', client: '192.0.2.1', name: 'client.example' }],
  [
    'refused',
    {
      session,
      stage: 'rcpt',
      reply: { code: 554, esc: '5.7.1', text: ['no', 'relay'] },
      sender: 's@x',
      recipient: 'r@y',
      by: 'policy-relay',
    },
    'smtp.refused',
    {
      stage: 'rcpt',
      code: 554,
      esc: '5.7.1',
      text: 'no relay',
      from: 's@x',
      to: 'r@y',
      by: 'policy-relay',
      helo: 'client.example',
    },
  ],
  [
    'authenticated',
    { session, user: 'joe', mechanism: 'PLAIN' },
    'smtp.authenticated',
    { user: 'joe', mechanism: 'PLAIN' },
  ],
  ['disconnect', { session, commands: 4, ms: 12 }, 'smtp.disconnect', { commands: 4, ms: 12 }],
  [
    'received',
    {
      messageId: 'Q',
      origin: { kind: 'bounce', by: 'ops-bounce', of: 'P' },
      sender: '',
      recipients: 1,
      size: 9,
      session,
    },
    'queue.received',
    { id: 'Q', from: '', recipients: 1, size: 9, origin: 'bounce', of: 'P' },
  ],
  [
    'discarded',
    { messageId: 'Q', by: 'filter', sender: 's@x' },
    'queue.discarded',
    { id: 'Q', by: 'filter', from: 's@x' },
  ],
  [
    'attempted',
    { ...attempt, outcome: sent },
    'deliver.sent',
    { id: 'Q', from: 's@x', to: 'r@y', relay: 'mx[192.0.2.9]:25', esc: '2.0.0', text: '250 Ok', delay: 5 },
  ],
  [
    'attempted',
    { ...attempt, original: 'o@y', outcome: { kind: 'deferred', esc: '4.4.1', text: 'away' } },
    'deliver.deferred',
    { original: 'o@y', relay: 'none' },
  ],
  [
    'attempted',
    { ...attempt, outcome: { kind: 'failed', esc: '5.1.1', text: 'unknown' } },
    'deliver.bounced',
    { esc: '5.1.1' },
  ],
  [
    'settled',
    { messageId: 'Q', delivered: 2, failed: 1, delay: 7 },
    'queue.settled',
    { id: 'Q', delivered: 2, failed: 1, delay: 7 },
  ],
  ['waiting', { messageId: 'Q', nextTry: 0 }, 'queue.waiting', { id: 'Q', nextTry: '1970-01-01T00:00:00.000Z' }],
  ['waiting', { messageId: 'Q', held: 'by hand' }, 'queue.waiting', { held: 'by hand' }],
]
for (const [fact, facts, event, fields] of FACTS) {
  test(`fact ${fact}: ${event}`, async () => {
    const lines = await parsed({}, (_sink, t) => t.tell(fact, facts as never))
    assert.is(lines.length, 1)
    const line = lines[0]!
    assert.is(line.event, event)
    const named = Object.fromEntries(Object.keys(fields).map((k) => [k, line[k]]))
    assert.equal(named, fields)
  })
}

test('replies are written at debug only, and AUTH without its password', async () => {
  const fact = { session, command: 'AUTH PLAIN AGpvZQBodW50ZXIy', reply: { code: 235, text: 'ok' } }
  assert.is((await written({}, (_s, t) => t.tell('replied', fact))).length, 0)
  const lines = await parsed({ level: 'debug' }, (_s, t) => {
    t.tell('replied', fact)
    t.tell('replied', { ...fact, command: 'AGpvZQBodW50ZXIy' })
    t.tell('replied', { ...fact, command: 'MAIL FROM:<a@b.example>' })
  })
  assert.equal(
    lines.map((l) => l.command),
    ['AUTH', '', 'MAIL FROM:<a@b.example>'],
  )
})

/** A name whose every write fails with ENOSPC, until it is removed. */
function fullDisk(): string {
  const link = newFile()
  symlinkSync('/dev/full', link)
  return link
}
const optionsFor = (file: string) => log.definition.options.parse({ file }) as Parameters<typeof logFile>[0]

test('a short rest is written by the timer, a long one at once', async () => {
  const file = newFile()
  const sink = logFile(optionsFor(file), '/')
  sink.open()
  sink.write('info', 'small', {})
  assert.is(readFileSync(file, 'utf8'), '')
  for (let i = 0; i < 50 && readFileSync(file, 'utf8') === ''; i++) await sleep(20)
  assert.match(readFileSync(file, 'utf8'), 'small')
  sink.write('info', 'large', { text: 'x'.repeat(20_000) })
  assert.match(readFileSync(file, 'utf8'), 'large')
  sink.close()
})

test('reopen goes on in a new file, and loses no line', () => {
  const file = newFile()
  const sink = logFile(optionsFor(file), '/')
  sink.open()
  sink.write('info', 'first', {})
  renameSync(file, `${file}.1`)
  sink.reopen()
  sink.write('info', 'second', {})
  sink.close()
  assert.match(readFileSync(`${file}.1`, 'utf8'), 'first')
  const now = readFileSync(file, 'utf8')
  assert.match(now, 'second')
  assert.not.match(now, 'first')
})

test('a file that cannot be opened costs nothing but time: the lines come when it can', () => {
  const dir = join(folder, 'later')
  const file = join(dir, 'log')
  const sink = logFile(optionsFor(file), '/')
  sink.open()
  sink.write('info', 'early', {})
  void sink.flush!()
  mkdirSync(dir)
  sink.write('info', 'late', {})
  sink.close()
  const lines = readFileSync(file, 'utf8')
  assert.match(lines, /early[^]*late/)
})

test('what could not be written is kept for the next file', () => {
  const link = fullDisk()
  const file = newFile()
  const sink = logFile(optionsFor(link), '/')
  sink.open()
  sink.write('info', 'kept', {})
  void sink.flush!()
  rmSync(link)
  symlinkSync(file, link)
  sink.reopen()
  sink.write('info', 'next', {})
  sink.close()
  assert.match(readFileSync(file, 'utf8'), /kept[^]*next/)
})

test('lines beyond what is kept are counted', async () => {
  const { stderr } = run(
    `import { rmSync } from 'node:fs'
for (let i = 0; i < 20000; i++) sink.write('info', 'full', { text: 'x'.repeat(100) })
rmSync(process.argv[1])
sink.reopen()
sink.close()`,
    fullDisk(),
  )
  assert.match(stderr, /\d+ log lines were lost/)
})

test('before start nothing is opened', () => {
  const file = newFile()
  tap(log, { file })
  assert.throws(() => readFileSync(file), /ENOENT/)
})

/** A process of its own: how it ends is what is tested. */
function run(
  script: string,
  file: string,
  extra: string[] = [],
): { status: number | null; stdout: string; stderr: string } {
  const source = `import { logFile } from '@postern/ops-log'
const sink = logFile({ level: 'info', format: 'auto', file: process.argv[1], redact: [] }, '/')
sink.open()
${script}`
  const cwd = new URL('..', import.meta.url)
  return spawnSync(process.execPath, ['--input-type=module', '-e', source, file, ...extra], {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
  })
}

test('the last lines are there after exit and after a crash', () => {
  for (const [end, status] of [
    ['process.exit(3)', 3],
    ['throw new Error("crash")', 1],
    ['setTimeout(() => { throw new Error("later") }, 1)', 1],
  ] as const) {
    const file = newFile()
    const result = run(`sink.write('info', 'last', {})\n${end}`, file)
    assert.is(result.status, status, result.stderr)
    assert.match(readFileSync(file, 'utf8'), 'last')
  }
})

test('stdout that is no terminal gets JSON', () => {
  const { stdout } = run(`sink.write('info', 'out', { id: 'Q' })`, '-')
  assert.is((JSON.parse(stdout) as { event: string }).event, 'out')
})

test('a full disk neither stops nor delays the process', () => {
  const { status, stderr } = run(
    `for (let i = 0; i < 20000; i++) sink.write('info', 'full', { text: 'x'.repeat(100) })
setTimeout(() => process.exit(7), 250)`,
    '/dev/full',
  )
  assert.is(status, 7)
  assert.is(stderr.match(/ENOSPC/g)?.length, 1, 'told once')
})

test('a reader that is gone does not stop the process', () => {
  const cwd = new URL('..', import.meta.url)
  const source = `import { logFile } from '@postern/ops-log'
const sink = logFile({ level: 'info', format: 'json', file: '-', redact: [] }, '/')
sink.open()
const t = setInterval(() => { for (let i = 0; i < 100; i++) sink.write('info', 'x', { text: 'y'.repeat(200) }) }, 5)
setTimeout(() => { clearInterval(t); process.exit(9) }, 300)`
  const script = join(folder, 'gone.mjs')
  writeFileSync(script, source.replace('@postern/ops-log', new URL('../dist/index.js', import.meta.url).href))
  chmodSync(script, 0o644)
  const result = spawnSync('sh', ['-c', `{ "$0" "$1"; echo "status $?" >&2; } | true`, process.execPath, script], {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.match(result.stderr, 'status 9')
})

test.run()
