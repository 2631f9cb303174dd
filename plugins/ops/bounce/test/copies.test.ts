import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Report } from '@postern/core'
import type { Tapped } from '@postern/testkit'
import { BAD, ask, plugin, recipientsOf, textOf } from './support.ts'
import type { Options, Spec } from './support.ts'

const ALL: Options = {
  notifyClasses: ['bounce', 'delay'],
  bounceNoticeRecipient: 'bnc@ops.example',
  '2bounceNoticeRecipient': 'dbl@ops.example',
  delayNoticeRecipient: 'dly',
}
/** The queue has taken a message of this plugin's. */
const durable = (t: Tapped, of: string, sender = '', by = 'ops-bounce') =>
  t.tell('received', {
    messageId: 'NEW',
    origin: { kind: 'bounce', by, of },
    sender,
    recipients: 1,
    size: 100,
  })

const subjectOf = (text: string) => /^Subject: (.*)$/m.exec(text)![1]

/** name, what is told of, answer, and who gets which copy behind it */
const COPIES: readonly (readonly [string, Spec, 'report' | 'silent', readonly [string, string] | undefined])[] = [
  ['a bounce', {}, 'report', ['bnc@ops.example', 'Postmaster Copy: Undelivered Mail']],
  [
    'a bounce nobody asked for',
    { recipients: [{ ...BAD, notify: ['NEVER'] }] },
    'silent',
    ['bnc@ops.example', 'Postmaster Copy: Undelivered Mail'],
  ],
  ['a delay', { why: 'delayed' }, 'report', ['dly@site.example', 'Postmaster Warning: Delayed Mail']],
  [
    'a delay nobody asked for',
    { why: 'delayed', recipients: [{ ...BAD, notify: ['FAILURE'] }] },
    'silent',
    ['dly@site.example', 'Postmaster Warning: Delayed Mail'],
  ],
  ['a success', { why: 'success', recipients: [{ notify: ['SUCCESS'] }] }, 'report', undefined],
  ['a double bounce: it is the notice', { sender: '' }, 'report', undefined],
  ['a delayed bounce', { sender: '', why: 'delayed' }, 'silent', undefined],
  ['a notice that failed', { sender: 'double-bounce@mail.site.example' }, 'silent', undefined],
]
for (const [name, spec, kind, copy] of COPIES) {
  test(`copy: ${name}`, async () => {
    const t = plugin(ALL)
    const a = await ask(t, { messageId: 'OLD', recipients: [BAD], ...spec })
    assert.is(a.kind, kind)
    if (kind === 'report') {
      assert.is(t.submitted.length, 0, 'nothing before the report is durable')
      durable(t, 'OLD', (a as Report).draft.sender)
    }
    await t.stop()
    if (!copy) return assert.is(t.submitted.length, 0)
    assert.is(t.submitted.length, 1)
    const { draft, origin } = t.submitted[0]!
    assert.equal(origin, { kind: 'bounce', of: 'OLD' })
    assert.is(draft.sender, 'double-bounce@mail.site.example')
    assert.is(recipientsOf(draft)[0]!.replace(/^.* -> /, ''), copy[0])
    const text = textOf(draft)
    assert.is(subjectOf(text), copy[1])
    assert.match(text, `To: ${copy[0]}\nAuto-Submitted: auto-generated\n`)
    assert.match(text, 'Content-Type: text/rfc822-headers\n')
    assert.match(text, 'X-Postern-Sender: rfc822; a@site.example\n')
    assert.match(text, '<bad@remote.example>: host')
    assert.not.match(text, 'original body')
  })
}

for (const notifyClasses of [[], ['2bounce']] as const) {
  test(`classes that ask for no copies: ${notifyClasses.join() || 'none'}`, async () => {
    const t = plugin({ notifyClasses: [...notifyClasses] })
    await ask(t, { messageId: 'OLD' })
    durable(t, 'OLD')
    await t.stop()
    assert.is(t.submitted.length, 0)
  })
}

test('a report that had to be made again has one copy', async () => {
  const t = plugin(ALL)
  for (let i = 0; i < 3; i++) await ask(t, { messageId: 'OLD' })
  durable(t, 'OLD')
  durable(t, 'OLD')
  await t.stop()
  assert.is(t.submitted.length, 1)
})

test('neither a copy nor another plugin sets a copy off', async () => {
  const t = plugin(ALL)
  await ask(t, { messageId: 'OLD' })
  durable(t, 'OLD', 'double-bounce@mail.site.example')
  durable(t, 'OLD', '', 'other')
  durable(t, 'NEW')
  await t.stop()
  assert.is(t.submitted.length, 0)
})

test('a refused copy is logged and takes nothing with it', async () => {
  const t = plugin(ALL, {
    submit: () => {
      throw new Error('no')
    },
  })
  await ask(t, { messageId: 'OLD' })
  durable(t, 'OLD')
  await t.stop()
  assert.equal(
    t.logged.map((l) => l.event),
    ['background.failed'],
  )
})

test.run()
