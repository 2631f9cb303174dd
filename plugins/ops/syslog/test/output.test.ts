/** Where lines go: a file that is rotated, a log daemon's socket, and what happens when neither can be written. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import syslog from '@postern/ops-syslog'
import { missingPrograms, sleep, tap, until } from '@postern/testkit'
import { folder, newFile, raw, session } from './support.ts'
import type { Written } from './support.ts'

const connected = ({ t }: Pick<Written, 't'>) => t.tell('connected', { session: session({ listener: 'mx' }) })

test('a line has time, host, program and number', async () => {
  const [line] = await raw({ anvilStatusUpdateTime: 0, syslogName: 'mta' }, connected)
  assert.match(
    line!,
    new RegExp(`^[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d mail mta/smtpd\\[${process.pid}\\]: connect from `),
  )
})
test('a file that was renamed is left for a new one', async () => {
  const file = newFile()
  const t = tap(syslog, { maillogFile: file, maillogFilePrefixes: [folder] })
  await t.start()
  connected({ t })
  await until('the first line', () => readFileSync(file, 'utf8').includes('connect from'))
  renameSync(file, `${file}.old`)
  await sleep(1100)
  t.tell('settled', { messageId: 'later', delivered: 1, failed: 0, delay: 1 })
  await t.stop()
  assert.not.match(readFileSync(`${file}.old`, 'utf8'), 'later')
  assert.match(readFileSync(file, 'utf8'), 'later: removed')
})
test('a file that cannot be opened stops the start; one below none of the prefixes is refused before', async () => {
  const away = join(folder, 'away', 'log')
  const start = () => tap(syslog, { maillogFile: away, maillogFilePrefixes: [folder] }).start()
  assert.match(await start().then(() => 'started', String), 'ENOENT')
  const problems = (maillogFile: string) =>
    syslog.definition.options.safeParse({ maillogFile }).error?.issues[0]?.message ?? 'none'
  assert.match(problems('/etc/passwd'), '/etc/passwd is below none of maillogFilePrefixes (/var, /dev/stdout)')
  assert.match(problems('/variable/log'), 'is below none')
  assert.equal([problems('/var/log/mail.log'), problems('/dev/stdout'), problems('')], ['none', 'none', 'none'])
})
test('a folder that goes away costs no process, and lines are there when it is back', async () => {
  const place = join(folder, 'place')
  mkdirSync(place)
  const file = join(place, 'log')
  const t = tap(syslog, { maillogFile: file, maillogFilePrefixes: [folder], anvilStatusUpdateTime: 0 })
  await t.start()
  connected({ t })
  await until('the first line', () => readFileSync(file, 'utf8').includes('connect from'))
  rmSync(place, { recursive: true })
  await sleep(1100)
  t.tell('settled', { messageId: 'kept', delivered: 1, failed: 0, delay: 1 })
  await sleep(300)
  mkdirSync(place)
  await until('the line', () => readFileSync(file, { encoding: 'utf8', flag: 'a+' }).includes('kept: removed'))
  await t.stop()
})

const why = missingPrograms('perl', 'socat')
const run = why ? test.skip : test

class Daemon {
  readonly socket: string
  readonly file = newFile()
  #child: ChildProcess | undefined
  constructor(socket = join(folder, `socket${Math.random()}`)) {
    this.socket = socket
  }
  /** `UNIX-RECV`: datagrams; `UNIX-LISTEN`: a stream */
  async start(kind: 'UNIX-RECV' | 'UNIX-LISTEN' = 'UNIX-RECV'): Promise<void> {
    this.#child = spawn('socat', ['-u', `${kind}:${this.socket}`, `OPEN:${this.file},creat,append`])
    await until('the socket', () => this.text !== undefined || undefined)
    await sleep(200)
  }
  get text(): string | undefined {
    try {
      return readFileSync(this.file, 'utf8')
    } catch {
      return undefined
    }
  }
  async stop(): Promise<void> {
    const child = this.#child!
    // that of a stream ends with its only connection
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((done) => child.once('exit', done))
      child.kill()
      await gone
    }
    rmSync(this.socket, { force: true })
  }
}
const logging = async (daemon: Daemon, use: (w: Pick<Written, 't' | 'sink'>) => unknown) => {
  const t = tap(syslog, { syslogSocket: daemon.socket, syslogFacility: 'local3', anvilStatusUpdateTime: 0 })
  await t.start()
  await use({ t, sink: t.provided('logSink') as Written['sink'] })
  await t.stop()
}

for (const kind of ['UNIX-RECV', 'UNIX-LISTEN'] as const)
  run(`to a log daemon as syslog(3) does it: ${kind === 'UNIX-RECV' ? 'datagrams' : 'a stream'}`, async () => {
    const daemon = new Daemon()
    // socat makes the file with the first connection of a stream only
    if (kind === 'UNIX-LISTEN') readFileSync(daemon.file, { flag: 'a+' })
    await daemon.start(kind)
    await logging(daemon, async ({ t, sink }) => {
      t.tell('settled', { messageId: 'one', delivered: 1, failed: 0, delay: 1 })
      sink.write('warn', 'x', { use: 'queue-x' })
      sink.write('error', 'y', { use: 'queue-x' })
      await until('three lines', () => daemon.text?.includes('error: y'))
    })
    await daemon.stop()
    const stamp = '[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d'
    const tag = `postfix/qmgr\\[${process.pid}\\]`
    const end = kind === 'UNIX-LISTEN' ? '\0' : ''
    const lines = [
      `<158>${stamp} ${tag}: one: removed`,
      `<156>${stamp} ${tag}: warning: x`,
      `<155>${stamp} ${tag}: error: y`,
    ]
    assert.match(daemon.text!, new RegExp(`^${lines.map((l) => l + end).join('')}$`), JSON.stringify(daemon.text))
  })
run('a log daemon that is started again is found again', async () => {
  const daemon = new Daemon()
  await daemon.start()
  await logging(daemon, async ({ t }) => {
    const say = (messageId: string) => t.tell('settled', { messageId, delivered: 1, failed: 0, delay: 1 })
    say('one')
    await until('the first', () => daemon.text!.includes('one: removed'))
    await daemon.stop()
    say('two')
    await sleep(300)
    await daemon.start()
    await until('the second', () => daemon.text!.includes('two: removed'))
  })
  await daemon.stop()
})
run('nobody waits for a log daemon that is not there', async () => {
  const began = process.hrtime.bigint()
  await logging(new Daemon(), ({ t }) => {
    for (let i = 0; i < 1000; i++) t.tell('settled', { messageId: `m${i}`, delivered: 1, failed: 0, delay: 1 })
  })
  assert.ok(process.hrtime.bigint() - began < 10_000_000_000n)
})

test.run()
