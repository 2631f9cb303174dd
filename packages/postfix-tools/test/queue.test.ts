/** postqueue, postsuper and postcat on a daemon's queue, up and down. The words are what Debian's Postfix 3.7.11 said of such a queue. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { until } from '@postern/testkit'
import { DEAD, Site } from './support/site.ts'

const REASON = `connect to ${DEAD}[${DEAD}]:25: Connection refused`
const test = suite('queue')
let site: Site
/** of a message to two, and of one with the null sender */
let [q, n] = ['', '']
test.before(async () => {
  site = await new Site().start()
  q = await site.submit('rich@postern.example', `x@[${DEAD}]`, `"a \\"b"@[${DEAD}]`)
  n = await site.submit('<>', `y@[${DEAD}]`)
})
test.after(() => site.remove())
const ok = (err = '') => ({ code: 0, out: '', err })
const no = (code: number, err: string) => ({ code, out: '', err })
/** what differs from day to day and from queue to queue */
const plain = (text: string) =>
  text
    .replaceAll(q, '@Q@')
    .replaceAll(n, '@N@')
    .replace(/ +\d+ (?:\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d)/g, ' @SIZE@ @DATE@')

const listed = (qStatus: string, nStatus: string, isLong = false) => {
  const head = isLong
    ? '----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n'
    : '-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n'
  const [gap, indent] = isLong ? [' ', ' '.repeat(47)] : ['  ', ' '.repeat(41)]
  const reason = `${' '.repeat(76 - REASON.length)}(${REASON})\n`
  return (
    `${head}@Q@${qStatus} @SIZE@ @DATE@${gap}rich@postern.example\n${reason}${indent}"a \\"b"@[${DEAD}]\n${indent}x@[${DEAD}]\n\n` +
    `@N@${nStatus} @SIZE@ @DATE@${gap}MAILER-DAEMON\n${reason}${indent}y@[${DEAD}]\n\n-- 0 Kbytes in 2 Requests.\n`
  )
}

test('postqueue -p, mailq and sendmail -bp: the short head, and the long one where ids are long', async () => {
  for (const [program, ...args] of [['postqueue', '-p'], ['mailq'], ['sendmail', '-bp']] as const)
    assert.is(plain((await site.run(program, args)).out), listed('', ''))
  site.main('enable_long_queue_ids = yes\n')
  assert.is(plain((await site.run('postqueue', ['-p'])).out), listed('', '', true))
  site.main()
})
test('postqueue -j', async () => {
  const { out } = await site.run('postqueue', ['-j'])
  const delayed = (address: string) => `{"address": ${JSON.stringify(address)}, "delay_reason": "${REASON}"}`
  const [first] = out.split('\n')
  assert.is(
    first!.replace(/_time": \d+, "message_size": \d+/, '_time": @, "message_size": @'),
    `{"queue_name": "deferred", "queue_id": "${q}", "arrival_time": @, "message_size": @, "forced_expire": false, ` +
      `"sender": "rich@postern.example", "recipients": [${delayed(`"a \\"b"@[${DEAD}]`)}, ${delayed(`x@[${DEAD}]`)}]}`,
  )
  assert.match(out, /"sender": "MAILER-DAEMON"/)
})
test('postqueue: who may', async () => {
  site.main('authorized_mailq_users = root\nauthorized_flush_users = !rich, root\n')
  if (process.getuid!() === 0) {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const asked = async (arg: string) => (await site.run('postqueue', [arg], '', nobody)).err
    // a checkout may lie where nobody else may look
    if (!/EACCES|Cannot find/.test(await asked('-p'))) {
      assert.is(await asked('-p'), 'postqueue: fatal: User nobody(65534) is not allowed to view the mail queue\n')
      assert.is(await asked('-f'), 'postqueue: fatal: User nobody(65534) is not allowed to flush the mail queue\n')
    }
  }
  assert.is((await site.run('postqueue', ['-j'])).code, 0)
  site.main()
})
test('postqueue -s: only sites that fast_flush_domains names', async () => {
  site.main(`fast_flush_domains = !no.dial.example, dial.example, inline:{other.example=1}, [${DEAD}]\n`)
  const flushed = async (name: string) => site.run('postqueue', ['-s', name])
  for (const name of ['dial.example', 'sub.DIAL.example', 'other.example', `[${DEAD}]`])
    assert.equal(await flushed(name), ok(), name)
  for (const name of ['nofast.example', 'no.dial.example', 'xdial.example'])
    assert.equal(
      await flushed(name),
      no(69, `postqueue: fatal: Flush service is not configured for destination "${name}"\n`),
    )
  for (const name of ['a b', '@dial.example'])
    assert.equal(
      await flushed(name),
      no(69, `postqueue: fatal: Cannot flush mail queue - invalid destination: "${name}"\n`),
    )
  site.main()
})
test('postqueue -f, -i: nothing is said, of a message that is not there neither', async () => {
  for (const args of [['-f'], ['-i', n], ['-i', 'ABCDEF12']]) assert.equal(await site.run('postqueue', args), ok())
  const bad = 'postqueue: fatal: Cannot flush queue ID - invalid name: "a/b"\n'
  assert.equal(await site.run('postqueue', ['-i', 'a/b']), no(69, bad))
})

const SUPER: readonly (readonly [title: string, args: () => string[], err: () => string, input?: () => string])[] = [
  ['-h', () => ['-h', q], () => `postsuper: ${q}: placed on hold\npostsuper: Placed on hold: 1 message\n`],
  ['-h again', () => ['-h', q], () => 'postsuper: Placed on hold: 0 messages\n'],
  ['-h ALL hold', () => ['-h', 'ALL', 'hold'], () => 'postsuper: Placed on hold: 0 messages\n'],
  ['-H ALL deferred', () => ['-H', 'ALL', 'deferred'], () => 'postsuper: Released from hold: 0 messages\n'],
  [
    '-H -',
    () => ['-H', '-'],
    () => `postsuper: ${q}: released from hold\npostsuper: Released from hold: 1 message\n`,
    () => `${q}\n`,
  ],
  ['-d of a stranger', () => ['-d', 'NOPE'], () => 'postsuper: Deleted: 0 messages\n'],
  ['ALL in small letters', () => ['-d', 'all'], () => 'postsuper: Deleted: 0 messages\n'],
  [
    'no id',
    () => ['-d', 'a/b'],
    () => 'postsuper: warning: invalid mail queue id: a/b\npostsuper: Deleted: 0 messages\n',
  ],
  [
    'empty input',
    () => ['-d', '-', '-h', '-'],
    () => 'postsuper: Deleted: 0 messages\npostsuper: Placed on hold: 0 messages\n',
  ],
  ['a queue that has no messages here', () => ['-d', 'ALL', 'bounce'], () => 'postsuper: Deleted: 0 messages\n'],
  ['-s -p on a queue that is in use', () => ['-sp'], () => ''],
  ['nothing', () => [], () => ''],
]
for (const [title, args, err, input] of SUPER)
  test(`postsuper ${title}`, async () => {
    assert.equal(await site.run('postsuper', args(), input?.() ?? ''), ok(err()))
  })
test('postsuper: what is held, and what is expired, in listings', async () => {
  await site.run('postsuper', ['-h', q])
  const expired = `postsuper: ${q}: expired\npostsuper: Force-expired: 1 message\n`
  assert.equal(await site.run('postsuper', ['-e', q]), ok(expired))
  assert.is(plain((await site.run('mailq')).out), listed('!#', ''))
  const [row] = await site.rows()
  assert.equal([row!.queue_name, row!.forced_expire], ['hold', true])
})
test('postsuper writes the mail log', () => {
  assert.match(
    site.log(),
    /^\w{3} [ \d]\d \d\d:\d\d:\d\d [\w-]+ postfix\/postsuper\[\d+\]: Placed on hold: 1 message$/m,
  )
})
test('postcat -q', async () => {
  const shown = async (...args: string[]) => (await site.run('postcat', ['-q', ...args, n])).out
  const [envelope, header, body] = [await shown('-e'), await shown('-h'), await shown('-b')]
  assert.match(envelope, /^\*\*\* ENVELOPE RECORDS deferred\/\w+ \*\*\*\nmessage_size: +\d+ +0 +1 +0 +\d+ +0\n/)
  assert.match(
    envelope,
    new RegExp(
      `\\nsender: \\n(?:named_attribute: dsn_orig_rcpt=.*\\n)?original_recipient: y@\\[${DEAD}\\]\\nrecipient: y@\\[${DEAD}\\]\\n`,
    ),
  )
  assert.match(envelope, /\*\*\* MESSAGE CONTENTS .*\n\*\*\* HEADER EXTRACTED .*\n\*\*\* MESSAGE FILE END .*\n$/)
  assert.match(header, /^Received: .*\n(?:.*\n)*Subject: hello\n/)
  assert.is(body, '\nhello there\n\n.dot\nlast\n')
  assert.is(await shown('-bh'), header + body)
  assert.match(await shown('-bd'), /^ 78 \n 78 hello there\n/)
  const all = await shown()
  assert.is(all, envelope.replace(/(?=\*\*\* HEADER EXTRACTED)/, header + body))
  const nobody = 'postcat: fatal: open queue file NONE12345: No such file or directory\n'
  assert.equal(await site.run('postcat', ['-q', 'NONE12345']), no(1, nobody))
})
test('the daemon is down: the queue is read, and acted on, all the same', async () => {
  await site.daemon.stop()
  const listing = await site.run('postqueue', ['-p'])
  assert.is(plain(listing.out), listed('!#', ''))
  assert.match(listing.err, /^postqueue: warning: Mail system is down -- accessing queue directly \(Connect to .*\)\n$/)
  assert.equal(
    await site.run('postqueue', ['-f']),
    no(69, 'postqueue: fatal: Cannot flush mail queue - mail system is down\n'),
  )
  const both = `postsuper: ${n}: placed on hold\npostsuper: ${q}: released from hold\n`
  const sums = 'postsuper: Placed on hold: 1 message\npostsuper: Released from hold: 1 message\n'
  assert.equal(await site.run('postsuper', ['-H', q, '-h', n]), ok(both + sums))
  assert.match((await site.run('postcat', ['-qb', n])).out, /^\nhello there/)
  await site.daemon.start()
  assert.equal((await site.rows()).find((r) => r.queue_id === n)?.queue_name, 'hold')
})
test('postsuper -r ALL, -d ALL', async () => {
  // the daemon has just been started: until it has read its queue it says so, and does nothing
  let said: Awaited<ReturnType<Site['run']>> = ok()
  await until('the daemon to have read its queue', async () => {
    said = await site.run('postsuper', ['-r', n])
    return !said.err.includes('the daemon is starting')
  })
  assert.equal(said, ok(`postsuper: ${n}: requeued\npostsuper: Requeued: 1 message\n`))
  assert.not((await site.rows()).some((r) => r.queue_id === n))
  const { err } = await site.run('postsuper', ['-d', 'ALL'])
  assert.match(err, /^postsuper: Deleted: \d messages?\n$/)
  assert.is((await site.run('mailq')).out, 'Mail queue is empty\n')
  assert.equal(await site.run('postqueue', ['-j']), ok())
})
test.run()
