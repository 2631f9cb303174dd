/** Against what Postfix 3.7 made of the same messages. */
import type { Edits, HeaderEdit } from '@postern/core'
import { headerRewriting } from '@postern/addresses'
import { draftView, fakeCall, fakeClock, mailView, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import headers from '@postern/rewrite-headers'

type Options = Parameters<typeof headers>[0]
const clock = fakeClock(Date.UTC(2030, 11, 31, 23, 59, 58))
async function edited(header: string, options: Options = {}, sender = 's@x.example', rewriting?: 'none' | 'local') {
  const mail = mailView()
  const slots = { get: (token: unknown) => (token === headerRewriting ? rewriting : mail.slots.get(token as never)) }
  const draft = draftView({ id: 'ABC', header, sender, slots: slots as never })
  const answer = await tap(headers, options, { site: { myhostname: 'mx.x.example' } }).cleanup(
    draft,
    fakeCall({ clock }),
  )
  const list = (answer as Edits<HeaderEdit> | undefined)?.edits ?? []
  return list.map((e) => (e.kind === 'header.insert' ? `${e.name}: ${e.value}` : `no ${e.name}`))
}
const ID = 'Message-Id: <20301231235958.ABC@mx.x.example>'
const DATE = 'Date: Tue, 31 Dec 2030 23:59:58 +0000'
const FROM = 'From: s@x.example'
/** the zone is the machine's */
const undated = (lines: string[]) => lines.map((line) => line.replace(/(?<=Date: ).*/, ''))

const CASES: [title: string, header: string, edits: string[], options?: Options, sender?: string][] = [
  ['all three are missing', 'Subject: x\n', [ID, DATE, FROM]],
  ['nothing is', 'From: a@b\nDate: now\nMESSAGE-ID: <x>\n', []],
  ['empty fields are there', 'Message-Id: \nDate: \nFrom:\n', []],
  ['the null sender', 'Date: x\nMessage-Id: <x>\n', ['From: MAILER-DAEMON'], {}, ''],
  ['a sender in quotes', 'Date: x\nMessage-Id: <x>\n', ['From: "a b"@x.example'], {}, '"a b"@x.example'],
  ['resent', 'Resent-From: a@b\nFrom: c@d\n', [`Resent-${ID}`, `Resent-${DATE}`]],
  [
    'what must not go on',
    'From: a\nDate: x\nMessage-Id: x\nBcc: z@y\nReturn-Path: <q>\n',
    ['no bcc', 'no return-path'],
  ],
  [
    'others that must not go on',
    'From: a\nDate: x\nMessage-Id: x\nBcc: z@y\nX: y\n',
    ['no x'],
    { messageDropHeaders: ['X'] },
  ],
  [
    'nobody is named',
    'From: a\nDate: x\nMessage-Id: x\n',
    ['To: undisclosed-recipients:;'],
    { undisclosedRecipientsHeader: 'To: undisclosed-recipients:;' },
  ],
  [
    'an empty To',
    'From: a\nDate: x\nMessage-Id: x\nTo:\n',
    [],
    { undisclosedRecipientsHeader: 'To: undisclosed-recipients:;' },
  ],
]
for (const [title, header, edits, options, sender] of CASES)
  test(title, async () => {
    assert.equal(undated(await edited(header, options, sender)), undated(edits))
  })
test('mail from elsewhere is left as it is, unless it is said', async () => {
  assert.equal(await edited('Subject: x\n', {}, 's@x.example', 'none'), [])
  const undisclosed = { undisclosedRecipientsHeader: 'To: undisclosed-recipients:;' }
  assert.equal(await edited('Subject: x\n', undisclosed, 's@x.example', 'none'), [])
  assert.equal(await edited('Bcc: x\n', undisclosed, 's@x.example', 'none'), ['no bcc'])
  const always = { ...undisclosed, alwaysAddMissingHeaders: true }
  assert.is((await edited('Subject: x\n', always, 's@x.example', 'none')).length, 4)
})
test.run()
