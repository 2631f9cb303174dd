import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BodyDamaged } from '@postern/core'
import { answer, reportOf } from './support.ts'
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

test.run()
