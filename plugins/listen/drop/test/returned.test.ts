/** The report on mail that cleanup refuses, as bytes: the header that goes back, who is told, what is beyond ASCII. */
import { definePlugin, refuse } from '@postern/core'
import type { MessageDraft, Site } from '@postern/core'
import { until } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { bounceOf } from '../src/bounce.ts'
import { messageOf } from '../src/message.ts'
import { dropFile, dropSite } from './support/site.ts'

const SITE = { myhostname: 'mail.site.example', myorigin: 'site.example' } as Site
function bounce(content: string | Buffer, more: Partial<MessageDraft> = {}): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const message = { sender: 'a@b.example', recipients: ['x@y.example'], content: bytes, ...more }
  const refusal = { code: 550, esc: '5.7.1', text: 'no' }
  return Buffer.concat([bounceOf({ message, refusal, now: 0 }, SITE).content].flat() as Buffer[])
}
/** what stands between Return-Path and the last boundary */
const returned = (report: Buffer) =>
  /\r\nReturn-Path: <[^>]*>\r\n([^]*)\r\n--[^\r]+--\r\n$/.exec(report.toString('latin1'))?.[1]

const headers: Record<string, readonly [content: string | Buffer, comes: string]> = {
  'all fields, with their folded lines': [
    'From: a\r\nSubject: one\r\n\ttwo\r\nTo: b\r\n\r\nbody\r\n',
    'From: a\r\nSubject: one\r\n\ttwo\r\nTo: b\r\n',
  ],
  'lines that end in LF alone': ['From: a\nTo: b\n\nbody\n', 'From: a\r\nTo: b\r\n'],
  'no body': ['From: a\r\nTo: b\r\n', 'From: a\r\nTo: b\r\n'],
  'no header': ['\r\nbody\r\n', ''],
  'a body without the empty line': ['From: a\r\nhello all\r\n', 'From: a\r\n'],
  'bytes that are no UTF-8': [Buffer.from('Subject: caf\xe9\r\n\r\nx\r\n', 'latin1'), 'Subject: caf\xe9\r\n'],
  'whole lines of a long one': [`A: b\r\n${'X: y\r\n'.repeat(20_000)}\r\n`, `A: b\r\n${'X: y\r\n'.repeat(8332)}`],
}
for (const [what, [content, comes]] of Object.entries(headers))
  test(`the header goes back: ${what}`, () => assert.is(returned(bounce(content)), comes))

test('NOTIFY and ORCPT are heeded (RFC 3461)', () => {
  const recipients = [
    { address: 'a@x.example', notify: ['NEVER' as const] },
    { address: 'b@x.example', notify: ['SUCCESS' as const, 'DELAY' as const] },
    { address: 'c@x.example', notify: ['FAILURE' as const], orcpt: 'rfc822;C@x.example' },
    'd@x.example',
  ]
  const text = bounce('A: b\r\n\r\n', { recipients }).toString()
  assert.equal(text.match(/^Final-Recipient: .*$/gm), [
    'Final-Recipient: rfc822; c@x.example',
    'Final-Recipient: rfc822; d@x.example',
  ])
  assert.equal(text.match(/^Original-Recipient: .*$/gm), ['Original-Recipient: rfc822;C@x.example'])
  assert.not.match(text, /<[ab]@x/)
})
test('addresses beyond ASCII make it a report of RFC 6533', () => {
  const text = bounce('A: b\r\n\r\n', { recipients: ['jö@y.example'] }).toString()
  assert.match(text, 'Content-Type: message/global-delivery-status\r\n')
  assert.match(text, 'Final-Recipient: utf-8; jö@y.example\r\n')
})

const REFUSING = definePlugin({
  name: 'refusing',
  options: z.strictObject({}),
  apply: (mta) => mta.cleanup.tap({ body: 'headers', origins: ['submit'] }, () => refuse('5.7.1', 'no', { code: 550 })),
})
test('who asked for silence is not told', async () => {
  const site = await dropSite({}, { plugins: [REFUSING({})] })
  try {
    const file = { sender: 'me', recipients: ['box', 'a b c <'] }
    site.put('m.0', dropFile('Subject: s\n\nx\n', { ...file, notify: ['NEVER'] }))
    site.put('m.1', dropFile('Subject: s\n\nx\n', { sender: 'me', recipients: ['box'], notify: ['SUCCESS'] }))
    site.put('m.2', dropFile('Subject: told\n\nx\n', { sender: 'me', recipients: ['box'] }))
    await until('an empty folder', () => site.names().length === 0)
    await site.mta.idle()
    const told = await site.box('me').messages()
    assert.is(told.length, 1)
    assert.match(told[0]!.raw, /^Subject: told$/m)
    assert.equal(site.corrupt(), [])
  } finally {
    await site.stop()
  }
})

test('a list of 100,000 recipients is gone through once', () => {
  const { includes } = Array.prototype
  let compared = 0
  Array.prototype.includes = function (this: unknown[], ...args) {
    compared += this.length
    return includes.apply(this, args)
  }
  try {
    const recipients = Array.from({ length: 20_000 }, (_, n) => (n % 2 ? `u${n}@x.example` : `bad ${n} <`))
    const site = { myorigin: 'x.example', autodetect: true }
    const message = messageOf({ sender: 'a', recipients }, Buffer.from('A: b\r\n'), site)
    assert.is(message.recipients.length, 20_000)
    assert.ok(compared < 1_000_000, `${compared} comparisons`)
  } finally {
    Array.prototype.includes = includes
  }
})
test.run()
