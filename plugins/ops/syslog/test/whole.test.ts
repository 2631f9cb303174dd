/** A whole mail system with real clients and a next hop: its log as Postfix 3.7 writes it, and as those read it who know Postfix's. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { missingPrograms, nextHop, programPath, startMta, until } from '@postern/testkit'
import type { NextHop, TestMta } from '@postern/testkit'
import { folder } from './support.ts'

let mta: TestMta
let hop: NextHop
const file = join(folder, 'whole')
const log = () => readFileSync(file, 'utf8')
/** without times and numbers; ids in the order in which they come are A, B ... */
function shown(text: string): string[] {
  const ids = new Map<string, string>()
  return text
    .split('\n')
    .filter(Boolean)
    .map((l) =>
      l
        .replace(/^\w{3} [ \d]\d \d\d:\d\d:\d\d mail postfix\/(\S+)\[\d+\]: /, '$1: ')
        .replace(/\b[0-9A-F][0-9A-V]{12}\b/g, (id) => {
          if (!ids.has(id)) ids.set(id, String.fromCharCode(65 + ids.size))
          return ids.get(id)!
        })
        .replace(/delay=[\d.]+, delays=[\d.]+\/[\d.]+\/[\d.]+\/[\d.]+,/, 'delay=D, delays=D,')
        .replace(/size=\d+/, 'size=N')
        .replace(/\(250 .*\)$/, '(250 what it said)')
        .replaceAll(`:${hop.port}`, ':25'),
    )
}

test.before(async () => {
  hop = await nextHop({
    replies: {
      'RCPT <bad@remote.example>': '550 5.1.1 no such user',
      'RCPT <later@remote.example>': '450 4.2.1 try later',
    },
  })
  mta = await startMta({
    maximalQueueLifetime: '5d',
    plugins: [
      {
        'ops-syslog': {
          maillogFile: file,
          maillogFilePrefixes: [folder],
          anvilStatusUpdateTime: 0,
        },
      },
      'queue-journal',
      'lookup-dns',
      { 'listen-smtp': { port: 0 } },
      { 'policy-relay': { mynetworks: ['127.0.0.1/32'], unauthDestination: 'reject' } },
      {
        'route-classes': {
          mydestination: [],
          localTransport: 'smtp',
          virtualTransport: 'smtp',
          relayhost: `[127.0.0.1]:${hop.port}`,
        },
      },
      { 'deliver-smtp': { smtpConnectionCacheOnDemand: false } },
      'ops-bounce',
    ],
  } as never)
})
test.after(async () => {
  await mta?.stop()
  await hop?.stop()
})
const HELLO = ['connect from localhost[127.0.0.1]']
const smtpd = (...lines: string[]) => lines.map((l) => `smtpd: ${l}`)

/** What was written until the session was over and the queue at rest. */
async function said(steps: readonly string[], close = true, from?: string): Promise<string[]> {
  const before = log().length
  const d = await mta.dialogue(undefined, { localAddress: from })
  for (const step of steps) {
    if (step.startsWith('.')) await d.data(step.slice(1))
    else await d.send(step)
  }
  if (close) await d.close()
  await until('the end of the session', () => log().slice(before).includes('disconnect from'))
  await mta.idle()
  const settled = /queue active/.test(log().slice(before)) ? /removed|deferred/ : /disconnect/
  await until('the end of the message', () => settled.test(log().slice(before)))
  return shown(log().slice(before))
}
const MESSAGE = '.Subject: x\r\nMessage-Id: <m@client.example>\r\n\r\nhello\r\n'
const sorted = (lines: string[]) => [...lines].sort()

test('a relayed message, line by line', async () => {
  const lines = await said(
    ['EHLO client.example', 'MAIL FROM:<a@b.example>', 'RCPT TO:<x@remote.example>', 'DATA', MESSAGE, 'QUIT'],
    false,
  )
  assert.equal(
    sorted(lines),
    sorted([
      ...smtpd(
        ...HELLO,
        'A: client=localhost[127.0.0.1]',
        'disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5',
      ),
      'cleanup: A: message-id=<m@client.example>',
      'qmgr: A: from=<a@b.example>, size=N, nrcpt=1 (queue active)',
      'smtp: A: to=<x@remote.example>, relay=127.0.0.1[127.0.0.1]:25, delay=D, delays=D, dsn=2.0.0, status=sent (250 what it said)',
      'qmgr: A: removed',
    ]),
  )
  const order = lines.map((l) => l.split(' ').slice(0, 2).join(' ').replace(/=.*/, ''))
  assert.equal(order.slice(0, 4), ['smtpd: connect', 'smtpd: A:', 'cleanup: A:', 'qmgr: A:'])
})
test('one recipient bounces, one is deferred; the sender is told', async () => {
  const lines = await said([
    'EHLO client.example',
    'MAIL FROM:<a@remote.example>',
    'RCPT TO:<bad@remote.example>',
    'DATA',
    MESSAGE,
    'QUIT',
  ])
  assert.ok(
    lines.includes(
      'smtp: A: to=<bad@remote.example>, relay=127.0.0.1[127.0.0.1]:25, delay=D, delays=D, dsn=5.1.1, status=bounced (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 no such user (in reply to RCPT TO command))',
    ),
    lines.join('\n'),
  )
  await until('the report', () =>
    shown(log()).some((l) => /^qmgr: \w+: from=<>, size=N, nrcpt=1 \(queue active\)$/.test(l)),
  )
  const late = await said(['HELO c', 'MAIL FROM:<a@b.example>', 'RCPT TO:<later@remote.example>', 'DATA', MESSAGE])
  assert.ok(
    late.some((l) =>
      l.endsWith(
        'dsn=4.2.1, status=deferred (host 127.0.0.1[127.0.0.1] said: 450 4.2.1 try later (in reply to RCPT TO command))',
      ),
    ),
  )
  assert.ok(late.includes('smtpd: lost connection after END-OF-MESSAGE from localhost[127.0.0.1]'))
})
test('a stranger may not relay; the session goes on under the id of its message', async () => {
  const stranger = await said(
    ['HELO c', 'MAIL FROM:<a@b.example>', 'RCPT TO:<x@remote.example>', 'QUIT'],
    false,
    '127.0.0.2',
  )
  assert.equal(stranger, [
    ...smtpd(
      'connect from unknown[127.0.0.2]',
      'NOQUEUE: reject: RCPT from unknown[127.0.0.2]: 554 5.7.1 <x@remote.example>: Relay access denied; from=<a@b.example> to=<x@remote.example> proto=SMTP helo=<c>',
      'disconnect from unknown[127.0.0.2] helo=1 mail=1 rcpt=0/1 quit=1 commands=3/4',
    ),
  ])
})
test('a message that is cut off', async () => {
  const before = log().length
  const d = await mta.dialogue()
  for (const line of ['EHLO c', 'MAIL FROM:<a@b.example>', 'RCPT TO:<x@remote.example>', 'DATA']) await d.send(line)
  await d.raw('Subject: half\r\n', 0)
  await d.close()
  await until('the end', () => log().slice(before).includes('disconnect'))
  assert.equal(shown(log().slice(before)).slice(1), [
    ...smtpd(
      'A: client=localhost[127.0.0.1]',
      'lost connection after DATA (15 bytes) from localhost[127.0.0.1]',
      'disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=0/1 commands=3/4',
    ),
  ])
})

test('mail that is past its lifetime', async () => {
  const maillogFile = join(folder, 'expired')
  const short = await startMta({
    maximalQueueLifetime: 0,
    plugins: [
      { 'ops-syslog': { maillogFile, maillogFilePrefixes: [folder], anvilStatusUpdateTime: 0 } },
      'queue-journal',
      'lookup-dns',
      {
        'route-classes': {
          mydestination: [],
          localTransport: 'smtp',
          virtualTransport: 'smtp',
          relayhost: `[127.0.0.1]:${hop.port}`,
        },
      },
      'deliver-smtp',
      'ops-bounce',
    ],
  } as never)
  await short.submit({ sender: 'a@b.example', recipients: ['later@remote.example'], content: 'Subject: x\r\n\r\nx' })
  const written = () => shown(readFileSync(maillogFile, 'utf8'))
  await until('the end of both', () => written().filter((l) => l.endsWith('removed')).length === 2)
  await short.stop()
  const lines = written().filter((l) => l.includes('A:'))
  assert.equal(lines, [
    'cleanup: A: message-id=<>',
    'qmgr: A: from=<a@b.example>, size=N, nrcpt=1 (queue active)',
    'smtp: A: to=<later@remote.example>, relay=127.0.0.1[127.0.0.1]:25, delay=D, delays=D, dsn=4.2.1, status=deferred (host 127.0.0.1[127.0.0.1] said: 450 4.2.1 try later (in reply to RCPT TO command))',
    'qmgr: A: from=<a@b.example>, status=expired, returned to sender',
    'qmgr: A: removed',
  ])
})

const why = missingPrograms('pflogsumm', 'fail2ban-regex')
const read = why ? test.skip : test
read('pflogsumm counts what there was', () => {
  const summary = spawnSync(programPath('pflogsumm')!, ['--smtpd_stats', file], { encoding: 'utf8' }).stdout
  const totals = Object.fromEntries(
    [...summary.matchAll(/^ +(\d+) {3}(received|delivered|deferred|bounced|rejected|connections)\b/gm)].map((m) => [
      m[2],
      Number(m[1]),
    ]),
  )
  // the report came back to its sender: one more delivered
  assert.equal(totals, { received: 4, delivered: 2, deferred: 1, bounced: 1, rejected: 1, connections: 5 })
})
read("fail2ban's filter finds its hosts", () => {
  const matched = (mode: string) => {
    const out = spawnSync(programPath('fail2ban-regex')!, [file, `postfix[mode=${mode}]`], { encoding: 'utf8' }).stdout
    return Number(/(\d+) matched/.exec(out)?.[1])
  }
  assert.equal(['normal', 'ddos', 'aggressive'].map(matched), [1, 0, 1])
})
const logwatch = '/usr/share/logwatch/scripts/services/postfix'
const lib = '/usr/share/logwatch/lib'
const watch = missingPrograms(logwatch) ? test.skip : test
watch('logwatch knows every line', () => {
  const env = { ...process.env, LOGWATCH_DETAIL_LEVEL: '10' }
  const options = { input: readFileSync(file), encoding: 'utf8', env } as const
  const { stdout } = spawnSync('perl', ['-I', lib, logwatch], options)
  assert.match(stdout, 'Sent via SMTP')
  assert.not.match(stdout, /Unmatched/i)
  // and says so of one that it does not know
  const other = spawnSync('perl', ['-I', lib, logwatch], {
    ...options,
    input: 'Nov 22 03:08:43 mail postfix/qmgr[26]: x\n',
  })
  assert.match(other.stdout, /Unmatched/i)
  writeFileSync(join(folder, 'read'), stdout)
})

test.run()
