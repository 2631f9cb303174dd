/** postfix and postlog with a Postfix folder of their own: the mail system started, asked, reloaded, stopped. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdirSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { freePorts, missingPrograms, programPath } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const BIN = join(dirname(fileURLToPath(import.meta.url)), '../bin')
const folder = mkdtempSync(join(tmpdir(), 'postern-postfix-'))
const log = () => readFileSync(join(folder, 'maillog'), 'utf8')
interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}
function run(program: string, args: readonly string[], input = '', wrap: readonly string[] = []): Promise<Ran> {
  const words = [...wrap, process.execPath, join(BIN, program), ...args]
  return new Promise((resolve, reject) => {
    const child = spawn(words[0]!, words.slice(1), {
      cwd: '/',
      env: { PATH: process.env.PATH, MAIL_CONFIG: join(folder, 'etc') },
    })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (d: string) => (out += d))
    child.stderr.setEncoding('utf8').on('data', (d: string) => (err += d))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
const postfix = (command: string) => run('postfix', [command])

const test = suite('postfix')
test.before(async () => {
  for (const name of ['etc', 'queue', 'mail']) mkdirSync(join(folder, name))
  const [port] = await freePorts(1)
  const lines = [
    'compatibility_level = 3.6',
    'myhostname = mail.site.example',
    'inet_interfaces = 127.0.0.1',
    'mydestination =',
    'alias_maps =',
    `queue_directory = ${folder}/queue`,
    `data_directory = ${folder}/mail`,
    `maillog_file = ${folder}/maillog`,
    `maillog_file_prefixes = ${folder}`,
    '',
  ]
  writeFileSync(join(folder, 'etc/main.cf'), lines.join('\n'))
  const services = ['smtp', 'relay', 'local', 'virtual', 'error', 'retry', 'discard', 'lmtp'].map(
    (name) => `${name} unix - - n - - ${name === 'relay' ? 'smtp' : name === 'retry' ? 'error' : name}`,
  )
  writeFileSync(join(folder, 'etc/master.cf'), [`${port} inet n - n - - smtpd`, ...services, ''].join('\n'))
})
test.after(async () => {
  await postfix('abort')
  rmSync(folder, { recursive: true, force: true })
})
const SILENT = { out: '', err: '' }
test('what does not run cannot be stopped, reloaded, flushed', async () => {
  for (const command of ['status', 'stop', 'abort', 'reload'])
    assert.equal(await postfix(command), { code: 1, ...SILENT }, command)
  assert.match(log(), /postfix\/postfix-script\[\d+\]: the Postfix mail system is not running\n/)
  assert.match(log(), /postfix\/postfix-script\[\d+\]: fatal: the Postfix mail system is not running\n/)
  const down = 'postqueue: fatal: Cannot flush mail queue - mail system is down\n'
  assert.equal(await postfix('flush'), { code: 69, out: '', err: down })
})
test('started once, it runs; a second one is refused', async () => {
  assert.is((await postfix('check')).code, 0)
  assert.equal(await postfix('start'), { code: 0, ...SILENT })
  assert.match(log(), /postfix-script\[\d+\]: starting the Postfix mail system\n/)
  assert.is((await postfix('status')).code, 0)
  assert.match(log(), /postfix-script\[\d+\]: the Postfix mail system is running: PID: \d+\n/)
  assert.is((await postfix('start')).code, 1)
  assert.match(log(), /postfix-script\[\d+\]: fatal: the Postfix mail system is already running\n/)
  assert.equal(await postfix('flush'), { code: 0, ...SILENT })
  assert.is((await run('mailq', [])).out, 'Mail queue is empty\n')
})
test('a folder that does not check leaves the mail system as it is', async () => {
  assert.is((await postfix('reload')).code, 0)
  const file = join(folder, 'etc/main.cf')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, `${text}message_size_limit = many\n`)
  const { code, err } = await postfix('reload')
  assert.is.not(code, 0)
  assert.match(err, /message_size_limit/)
  assert.is((await postfix('check')).code, 1)
  writeFileSync(file, text)
  assert.is((await postfix('status')).code, 0)
})
test('stopped: the process has gone when the command ends', async () => {
  const pid = Number(/running: PID: (\d+)\n/.exec(log())![1])
  assert.equal(await postfix('stop'), { code: 0, ...SILENT })
  assert.throws(() => process.kill(pid, 0), /ESRCH/)
})
test('the log is rotated: renamed and compressed, and a daemon that runs goes on in a new one', async () => {
  const main = join(folder, 'etc/main.cf')
  const text = readFileSync(main, 'utf8')
  for (const [more, why] of [
    ['maillog_file_compressor =', "empty 'maillog_file_compressor' parameter value - logfile rotation failed"],
    ['maillog_file_compressor = false', `logfile '${folder}/maillog' rotation failed: `],
  ]) {
    writeFileSync(main, `${text}${more}\n`)
    assert.equal(await postfix('logrotate'), { code: 1, ...SILENT })
    assert.ok(log().includes(`: fatal: ${why}\n`), why)
  }
  writeFileSync(main, `${text}maillog_file_rotate_suffix = old\n`)
  assert.is((await postfix('start')).code, 0)
  assert.equal(await postfix('logrotate'), { code: 0, ...SILENT })
  assert.match(
    gunzipSync(readFileSync(join(folder, 'maillog.old.gz'))).toString(),
    /starting the Postfix mail system\n/,
  )
  assert.is((await postfix('stop')).code, 0)
  assert.match(log(), /stopping the Postfix mail system\n/)
  assert.not.match(log(), /starting the Postfix mail system\n/)
  writeFileSync(main, text)
})
test('what there is nothing to do for says so and succeeds', async () => {
  for (const command of ['set-permissions', 'upgrade-configuration']) {
    assert.equal(await postfix(command), { code: 0, ...SILENT }, command)
    assert.match(log(), /postfix-script\[\d+\]: nothing to do: /)
  }
})
const script = missingPrograms('script')
;(script ? test.skip : test)('a terminal is told what the log is', async () => {
  const words = `${process.execPath} ${join(BIN, 'postfix')} status`
  const child = spawn(programPath('script')!, ['-qec', words, '/dev/null'], {
    env: { PATH: process.env.PATH, MAIL_CONFIG: join(folder, 'etc') },
  })
  let out = ''
  child.stdout.on('data', (d: Buffer) => (out += d.toString()))
  await new Promise((done) => child.on('close', done))
  assert.is(out.replace('\r', ''), 'postfix/postfix-script: the Postfix mail system is not running\n')
})
const LOGGED: readonly (readonly [args: readonly string[], lines: readonly string[], input?: string])[] = [
  [['hello', 'there'], ['postfix/postlog: hello there']],
  [['-p', 'warn', '-t', 'tag', 'hello'], ['tag: warning: hello']],
  [['-i', '-p', 'error', 'hello'], ['postfix/postlog: error: hello']],
  [['-p', 'info', '-t', 'x'], ['x: a', 'x: b c'], 'a\nb c\n'],
  [['-t', 'x', ''], ['x: ']],
  [['-p', 'fatal', 'over'], ['postfix/postlog: fatal: over']],
]
for (const [args, lines, input] of LOGGED)
  test(`postlog ${args.join(' ')}`, async () => {
    const before = log().length
    assert.equal(await run('postlog', args, input), { code: 0, ...SILENT })
    const written = log().slice(before)
    assert.equal(written.replace(/^.{15} \S+ (\S+)\[\d+\]/gm, '$1'), lines.map((line) => `${line}\n`).join(''))
  })
test.run()
