/** The swap: Debian's Postfix stopped, Postern started on the same folder and ports. What sends mail and asks for it does not notice. */
import { missingPrograms } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { missingHere } from '../conformance/needs.ts'
import { played } from './machine/outside.ts'
import type { Swap } from './machine/swap.ts'

const PROGRAMS = ['postfix', 'mail', 'php', 'perl', 'cron', 'pflogsumm', '/usr/share/logwatch/scripts/services/postfix']
const missing = missingHere() ?? missingPrograms(...PROGRAMS)
if (missing && process.env.CI === 'true') throw new Error(missing)
if (missing) process.stdout.write(`# skipped: ${missing}\n`)

const test = suite('swap')
const define = missing ? test.skip : test
let seen: Swap
test.before(async () => {
  if (!missing) seen = await played<Swap>('swap')
})
define('mail comes in by SMTP before and after', () => {
  assert.match(seen.mail.postfix!, /^Subject: under Postfix$/m)
  assert.match(seen.mail.smtp!, /^Subject: under Postern$/m)
})
define('mail(1)', () => {
  assert.is(seen.ran.mail!.exit, 0)
  assert.match(seen.mail.mail!, /^From: Katie Test <katie@mail\.example\.org>$/m)
  assert.match(seen.mail.mail!, /^Subject: from mail$/m)
})
define('a PHP script, by mail()', () => {
  assert.is(seen.ran.php!.exit, 0)
  assert.match(seen.mail.php!, /^From: web@example\.org$/m)
  assert.ok(seen.out.includes('MAIL FROM:<katie@mail.example.org> RCPT TO:<x@here.example>'))
})
define('a Perl script that calls sendmail -t -i', () => {
  assert.is(seen.ran.perl!.exit, 0)
  assert.match(seen.mail.perl!, /\n\n\.\nhello\n/)
  assert.not.match(seen.mail.perl!, /Bcc/)
  assert.ok(seen.out.includes('MAIL FROM:<katie@mail.example.org> RCPT TO:<y@here.example>'))
})
define('cron’s mail', () => {
  assert.match(seen.mail.cron!, /^From: root@mail\.example\.org \(Cron Daemon\)$/m)
  assert.match(seen.mail.cron!, /\n\nthe job says hello\n/)
})
define('mailq says who waits and why', () => {
  assert.match(
    seen.ran.mailq!.out,
    /^\w+ +\d+ .* katie@mail\.example\.org\n +\(connect to late\.example.*\)\n +later@late\.example\n/m,
  )
})
define('postfix, newaliases, postconf', () => {
  const exits = Object.entries(seen.ran).map(([name, { exit }]) => [name, exit])
  const good = ['start', 'status', 'mail', 'php', 'perl', 'later', 'mailq', 'newaliases', 'postconf', 'reload', 'stop']
  assert.equal(exits, [...good.map((name) => [name, 0]), ['stopped', 1]])
  assert.is(seen.ran.postconf!.out, '$myhostname, example.org, localhost.example.org, localhost\n')
})
define('what Postfix had in its queue is delivered by Postfix, beside Postern', () => {
  const [before, after] = seen.left
  assert.match(before, /waits@late\.example/)
  assert.is(after, 'Mail queue is empty\n')
  assert.ok(seen.out.includes('MAIL FROM:<katie@mail.example.org> RCPT TO:<waits@late.example>'))
})
define('pflogsumm and logwatch read one log of both', () => {
  // two before the swap
  assert.match(seen.pflogsumm, /^ +8 +received$/m)
  assert.match(seen.pflogsumm, /^ +9 +delivered$/m)
  assert.match(seen.logwatch, /Postfix start/)
  assert.not.match(seen.logwatch, /Unmatched/i)
})
test.run()
