import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BodyDamaged, Header } from '@postern/core'
import type { MessageDraft } from '@postern/core'
import { BAD, answer, reportOf } from './support.ts'
import type { Spec } from './support.ts'

const PART =
  /Content-Description: ([^\n]*)\nContent-Type: ((?:text|message)\/[\w-]+)\nContent-Transfer-Encoding: 8bit\n\nReturn-Path/
const ORIGINALS: readonly (readonly [string, Spec, object, string, string])[] = [
  ['whole', {}, {}, 'Undelivered Message', 'message/rfc822'],
  ['RET=FULL', { ret: 'FULL' }, {}, 'Undelivered Message', 'message/rfc822'],
  ['RET=HDRS', { ret: 'HDRS' }, {}, 'Undelivered Message Headers', 'text/rfc822-headers'],
  ['too big', {}, { bounceSizeLimit: 20 }, 'Undelivered Message Headers', 'text/rfc822-headers'],
  ['longer than it said', { size: 1 }, { bounceSizeLimit: 20 }, 'Undelivered Message Headers', 'text/rfc822-headers'],
  ['SMTPUTF8', { smtputf8: true }, {}, 'Undelivered Message', 'message/global'],
  ['SMTPUTF8, header', { smtputf8: true, ret: 'HDRS' }, {}, 'Undelivered Message Headers', 'message/global-headers'],
]
for (const [name, spec, site, description, type] of ORIGINALS) {
  test(`original: ${name}`, async () => {
    const { text } = await reportOf(spec, {}, site)
    assert.equal(PART.exec(text)?.slice(1), [description, type])
    assert.is(text.includes('original body'), !description.endsWith('Headers'))
    assert.match(text, 'Subject: original\n')
  })
}

test('a damaged message returns its header; another fault of the store is not passed over', async () => {
  async function* broken(error: Error): AsyncGenerator<Uint8Array> {
    yield Buffer.from('From: a@site.example\r\n\r\nhalf of a bo')
    throw error
  }
  const { text } = await reportOf({ view: { content: () => broken(new BodyDamaged('segment 7')) } })
  assert.match(text, 'text/rfc822-headers')
  assert.not.match(text, 'half of a bo')
  try {
    await answer({ view: { content: () => broken(new Error('EIO')) } })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'EIO')
  }
})

const bytesOf = (draft: MessageDraft): Buffer =>
  Buffer.concat([draft.content].flat().map((c) => Buffer.from(c as Uint8Array)))

test('a header that goes back alone is the same bytes, and 8 bits are announced (RFC 6152)', async () => {
  for (const subject of [Buffer.from('Subject: caf\xe9', 'latin1'), Buffer.from('Subject: café ☃')]) {
    const header = new Header(Buffer.concat([subject, Buffer.from('\r\n')]))
    for (const view of [
      { header, ret: 'HDRS' as const },
      { header, why: 'success' as const },
    ]) {
      const { draft } = await reportOf({ recipients: [{ ...BAD, notify: ['SUCCESS', 'FAILURE'] }], view })
      assert.ok(bytesOf(draft).includes(subject))
      assert.is(draft.body, '8BITMIME')
    }
  }
  assert.is((await reportOf({})).draft.body, undefined)
})

const LONG = 'x'.repeat(3000)
const longs: readonly (readonly [string, Partial<typeof BAD>])[] = [
  ['reply', { text: `host said: ${LONG}`, diagnostic: `smtp; 550 ${LONG}` }],
  ['reply of few bytes a character', { text: 'é'.repeat(800), diagnostic: `smtp; 550 ${'☃'.repeat(400)}` }],
  ['address', { address: `${LONG}@x.example` }],
]
for (const [what, more] of longs)
  test(`no line of a report is too long for SMTP: ${what}`, async () => {
    const { draft } = await reportOf({ recipients: [{ ...BAD, ...more }] })
    const lines = bytesOf(draft).toString().split('\r\n')
    assert.is(Math.max(...lines.map((line) => Buffer.byteLength(line))) <= 998, true)
    assert.ok(lines.every((line) => !/\ufffd/.test(line)))
  })

test.run()
