import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { MessageDraft, Report } from '@postern/core'
import { tempFolder } from '@postern/testkit'
import { BAD, ask, plugin, textOf } from './support.ts'
import type { Options, Spec } from './support.ts'

const HOUR = 3_600_000
const SITE = {
  myhostname: 'mail.site.example',
  myorigin: 'site.example',
  mailName: 'Postern',
  messageSizeLimit: 1234,
  delayWarningTime: 25 * HOUR,
  maximalQueueLifetime: 5 * 24 * HOUR,
}

/** The plugin started with this template file. */
async function started(file: string | Buffer, options: Options = {}) {
  const folder = await tempFolder()
  try {
    writeFileSync(path.join(folder.path, 'bounce.cf'), file)
    const t = plugin({ bounceTemplateFile: 'bounce.cf', ...options }, { folder: folder.path, site: SITE })
    await t.start()
    return t
  } finally {
    await folder.remove()
  }
}
async function draftOf(file: string | Buffer, spec: Spec = {}, options: Options = {}): Promise<MessageDraft> {
  const a = await ask(await started(file, options), { recipients: [BAD], ...spec })
  return (a as Report).draft
}
const failure = (body: string) => `failure_template = <<EOF\n${body}\nEOF\n`
const delay = (body: string) => `delay_template = <<EOF\nSubject: s\n\n${body}\nEOF\n`

/** name, file, what is asked, what the report must hold */
const GOOD: readonly (readonly [string, string | Buffer, Spec, readonly (string | RegExp)[]])[] = [
  [
    'the whole of it',
    `# our texts\n\n${failure('Charset: us-ascii\nFrom: The Post Office <post>\nSubject: no luck at $myhostname\n\nOn $myhostname:\n\n  indented\n# not a comment\n')}`,
    {},
    [
      'From: The Post Office <post@site.example>\nSubject: no luck at $myhostname\nTo: a@site.example\n',
      'charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nOn mail.site.example:\n\n  indented\n# not a comment\n\n\n<bad@',
    ],
  ],
  [
    'names are of any case',
    failure('SUBJECT:  spaced  \nfrom: x@y.example\n\nb'),
    {},
    ['From: x@y.example\nSubject: spaced\n'],
  ],
  [
    'a comment for a name',
    failure('From: MAILER-DAEMON (Mail)\n\nb'),
    {},
    ['From: MAILER-DAEMON@site.example (Mail)\n'],
  ],
  [
    'what is absent is the default',
    failure('From: x@y.example\n\nb'),
    {},
    ['Subject: Undelivered Mail Returned to Sender\n'],
  ],
  ['no empty line before the text', failure('Subject: s\nno header\n\nb'), {}, ['8bit\n\nno header\n\nb\n\n<bad@']],
  ['one line', 'failure_template = one line\n', {}, ['8bit\n\none line\n\n<bad@']],
  [
    'another mark, CRLF, blanks',
    '  failure_template=<<END \r\nSubject: s\r\n\r\nEOF\r\nEND\r\n',
    {},
    ['Subject: s\n', '8bit\n\nEOF\n\n<bad'],
  ],
  [
    'the last one counts',
    failure('Subject: one\n\n1') + failure('Subject: two\n\n2'),
    {},
    ['Subject: two\n', '8bit\n\n2\n'],
  ],
  ['other reports keep their text', delay('x'), {}, ["I'm sorry to have to inform you"]],
  [
    'parameters',
    failure(
      'Subject: s\n\n${myhostname} $(mail_name)s $message_size_limit $$x ${mail_name?yes $myorigin} ${recipient_delimiter?no}${recipient_delimiter:none}',
    ),
    {},
    ['8bit\n\nmail.site.example Posterns 1234 $x yes site.example none\n'],
  ],
  [
    'times, whole units',
    delay(
      '$delay_warning_time_seconds $delay_warning_time_minutes ${delay_warning_time_hours}h $delay_warning_time_days $delay_warning_time_weeks $delay_warning_time\n$maximal_queue_lifetime_days $maximal_queue_lifetime_hours',
    ),
    { why: 'delayed' },
    ['8bit\n\n90000 1500 25h 1 0 90000s\n5 120\n'],
  ],
  [
    'times in any template',
    failure('Subject: s\n\n$maximal_queue_lifetime_days $delay_warning_time_hours'),
    {},
    ['8bit\n\n5 25\n'],
  ],
  [
    'success',
    'success_template = <<EOF\nSubject: hooray\n\nok\nEOF\n',
    { why: 'success', recipients: [{ notify: ['SUCCESS'] }] },
    ['Subject: hooray\n', '8bit\n\nok\n\n<nobody@'],
  ],
]
for (const [name, file, spec, holds] of GOOD) {
  test(`template: ${name}`, async () => {
    const text = textOf(await draftOf(file, spec))
    for (const what of holds) assert.match(text, what)
  })
}

test('names of the configuration', async () => {
  const bounceTemplateParameters = { relayhost: '[192.0.2.1] grüße', maximal_queue_lifetime: '5d' }
  const file = failure('Charset: utf-8\n\nby $relayhost within $maximal_queue_lifetime')
  assert.match(textOf(await draftOf(file, {}, { bounceTemplateParameters })), 'by [192.0.2.1] grüße within 5d\n')
})
test('another charset goes out byte for byte', async () => {
  const file = Buffer.from(failure('Charset: iso-8859-1\nSubject: s\n\nGrüße'), 'latin1')
  const chunks = (await draftOf(file)).content as Uint8Array[]
  assert.match(
    Buffer.concat(chunks).toString('latin1'),
    'charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xfc\xdfe\r\n\r\n<bad',
  )
})

test("the postmaster's copy has the template's own subject and no text", async () => {
  const file = failure('Subject: s\nPostmaster-Subject: copy\n\nnot for you')
  const text = textOf(await draftOf(file, { sender: '' }, { notifyClasses: ['2bounce'] }))
  assert.match(text, 'Subject: copy\n')
  assert.not.match(text, 'not for you')
})

/** name, file, line, message */
const BAD_FILES: readonly (readonly [string, string | Buffer, number, string])[] = [
  [
    'a name',
    `\n${failure('Subject: s\n\nbody $myhostnam')}`,
    5,
    'unknown parameter $myhostnam (did you mean $myhostname?)',
  ],
  ['a suffix', delay('$delay_warning_time_hors'), 4, '(did you mean $delay_warning_time_hours?)'],
  ['a name inside', failure('Subject: s\n\n${mail_name?$myorigni}'), 4, '(did you mean $myorigin?)'],
  ['a dollar', failure('Subject: s\n\nonly 5$ each'), 4, 'a dollar sign is written $$'],
  ['a brace', failure('Subject: s\n\n\n${myhostname'), 5, '${myhostname is not closed'],
  ['an expression', failure('Subject: s\n\n${{a} == {b} ? {c}}'), 4, 'bad $name syntax'],
  [
    'a template',
    'failur_template = <<EOF\nSubject: s\n\nb\nEOF\n',
    1,
    'unknown template failur_template (did you mean failure_template?)',
  ],
  ['a header', failure('From: x\nSubjet: s\n\nb'), 3, 'unknown header Subjet (did you mean Subject?)'],
  [
    'a subject nobody sees',
    'success_template = <<EOF\nPostmaster-Subject: s\n\nb\nEOF\n',
    2,
    'success_template has no Postmaster-Subject',
  ],
  ['a subject beyond ASCII', failure('Subject: Grüße\n\nb'), 2, 'Subject must be ASCII text'],
  ['no subject', failure('Subject:\n\nb'), 2, 'Subject must be ASCII text'],
  ['no text', 'failure_template = <<EOF\nSubject: s\n\nEOF\n', 4, 'the text is missing'],
  ['a charset', failure('Subject: s\n\nfine\nGrüße'), 5, 'say which Charset'],
  ['no end', 'failure_template = <<EOF\nSubject: s\n\nb\n', 1, 'the end EOF is missing'],
  ['a stray line', `${failure('Subject: s\n\nb')}junk\n`, 6, 'expected name = <<EOF'],
]
for (const [name, file, line, message] of BAD_FILES) {
  test(`refused at start: ${name}`, async () => {
    try {
      await started(file)
    } catch (error) {
      assert.match((error as Error).message, `bounce.cf, line ${line}: `)
      assert.match((error as Error).message, message)
      return
    }
    assert.unreachable()
  })
}
test('refused at start: no such file', async () => {
  const t = plugin({ bounceTemplateFile: '/nonexistent/bounce.cf' })
  try {
    await t.start()
    assert.unreachable()
  } catch (error) {
    assert.match(
      (error as Error).message,
      "bounceTemplateFile: ENOENT: no such file or directory, open '/nonexistent/bounce.cf'",
    )
  }
})

test.run()
