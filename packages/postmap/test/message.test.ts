/** Lines of messages as keys, beside Debian's `postmap -h -b -m -q -`, where every key has a value. */
import { linesOf } from '@postern/cli/tables'
import { missingPrograms, random } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { messageLines } from '../src/message.ts'
import { Place } from './support/place.ts'

const FLAGS = ['h', 'b', 'hb', 'hm', 'bm', 'hbm', 'hbm']
/** What messages are made of: fields and boundaries of many kinds, some of them broken. */
const LINES = String.raw`
Subject: x
Subject : y
 cont
:no
A b: c
From x
text
--
---b1
--b1
--b1--
--b1 trail
--b12
--b1/x
--b2
--b2--
Content-Type: multipart/mixed; boundary=b1
Content-Type: multipart/mixed; boundary="b2"
Content-Type: multipart/mixed; (c) boundary="b\2" (x)
Content-Type: multipart/mixed; boundary=""
Content-Type: multipart/mixed; boundary=
Content-Type: multipart/mixed; boundary="b1
Content-Type: multipart/mixed; boundary=b1/x
Content-Type: multipart/mixed; charset="a;b"; boundary=b1; x=y
Content-Type: multipart/mixed; a=b boundary=b1
Content-Type: multipart/mixed;; boundary=b1
Content-Type: multipart/x; boundary=b1; boundary=b2
Content-Type: multipart / mixed ; Boundary = b2
Content-Type: (x(y)) multipart/mixed; boundary=b12
Content-Type: "multipart"/mixed; boundary=b1
Content-Type: multipart/"mixed"; boundary=b1
Content-Type: multipart; boundary=b1
Content-Type: multipart/mixed;
 boundary=b1
content-type: multipart/digest; boundary=b2
Content-Type: message/rfc822
Content-Type:message/RFC822
Content-Type: message/global
Content-Type: message/partial
Content-Type: message/external-body
Content-Type: message/delivery-status
Content-Type: text/plain
Content-Transfer-Encoding: base64
`
  .split('\n')
  .concat('', '', '\tcont', 'text\r', '\r', '--b1\r', '\xe9: 8 bit')

async function keys(text: string, flags: string): Promise<string> {
  const has = (letter: string) => flags.includes(letter)
  const input = linesOf([Buffer.from(text, 'latin1')] as unknown as AsyncIterable<Buffer>)
  let out = ''
  for await (const key of messageLines(input, { header: has('h'), body: has('b'), mime: has('m') }))
    out += `${key.toString('latin1')}\tV\n`
  return out
}

const why = missingPrograms('postmap')
const beside = suite('beside postmap')
let place: Place
beside.before(async () => void (place = await Place.make()))
beside.after(() => place.remove())
;(why ? beside.skip : beside)('made messages', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  const next = random(seed)
  for (let n = 0; n < 300; n++) {
    const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!
    const lines = Array.from({ length: 1 + Math.floor(next() * 18) }, () => pick(LINES))
    const text = lines.join('\n') + pick(['', '\n'])
    const flags = pick(FLAGS)
    const { out } = await place.theirs('postmap', ['-c', 'conf', `-${flags}`, '-q', '-', 'static:V'], text)
    assert.is(await keys(text, flags), out, `seed ${seed}, ${flags}, ${JSON.stringify(text)}`)
  }
})
;(why ? beside.skip : beside)('more parts inside each other than Postfix follows', async () => {
  const levels = Array.from({ length: 120 }, (_, n) => `Content-Type: multipart/mixed; boundary=L${n}x\n\n--L${n}x\n`)
  const text = `${levels.join('')}X: in the innermost header\n\nbody\n--L99x\nA: b\n--L110x\nC: d\n`
  const { out } = await place.theirs('postmap', ['-c', 'conf', '-hbm', '-q', '-', 'static:V'], text)
  assert.is(await keys(text, 'hbm'), out)
})
beside.run()

const alone = suite('alone')
const MESSAGE = 'Subject: a\n b\nX-Y : z\nContent-Type: multipart/mixed; boundary=q\n\n--q\nX: 1\n\nbody\n--q--\n'
alone('a field with its lines is one key, white space before the colon goes', async () => {
  const top = 'Subject: a\n b\tV\nX-Y: z\tV\nContent-Type: multipart/mixed; boundary=q\tV\n'
  assert.is(await keys(MESSAGE, 'h'), top)
  assert.is(await keys(MESSAGE, 'hm'), `${top}X: 1\tV\n`)
  assert.is(await keys(MESSAGE, 'bm'), '\tV\n--q\tV\n\tV\nbody\tV\n--q--\tV\n')
})
alone('the header alone is read no further than its end', async () => {
  let read = 0
  async function* input(): AsyncGenerator<Buffer> {
    for (const line of ['A: b', '', 'body', 'more']) {
      read++
      yield Buffer.from(line)
    }
  }
  const found: string[] = []
  for await (const key of messageLines(input(), { header: true, body: false, mime: false })) found.push(String(key))
  assert.equal([found, read], [['A: b'], 2])
})
alone.run()
