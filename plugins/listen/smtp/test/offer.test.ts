/** What clients are offered, and what is left out for whom. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, failed, found, logger, silentSink, systemClock } from '@postern/core'
import type { Lookup, Table } from '@postern/core'
import { Offers, offerOf } from '../src/offer.ts'
import type { Offering } from '../src/offer.ts'

const ALL: Offering = {
  host: 'mx.example',
  sizeLimit: 1000,
  vrfy: true,
  startTls: true,
  smtputf8: true,
  wrapper: false,
  keywords: ['ETRN', 'XCLIENT NAME ADDR'],
}
const lines = (offer: { ehlo: { text: string | readonly string[] } }) => [offer.ehlo.text].flat().slice(1).join(' | ')

test('all, in order', () => {
  const offer = offerOf(ALL, [])
  assert.is(
    lines(offer),
    'PIPELINING | SIZE 1000 | VRFY | ETRN | STARTTLS | XCLIENT NAME ADDR | ENHANCEDSTATUSCODES | 8BITMIME | DSN | SMTPUTF8 | CHUNKING',
  )
  assert.not.match([offer.ehloSecure.text].flat().join(' '), /STARTTLS/)
})
test('what is left out may not be used, where the protocol has parameters or commands for it', () => {
  const offer = offerOf(ALL, ['dsn', 'Chunking', 'SMTPUTF8', 'starttls', 'size', 'silent-discard', 'bogus'])
  assert.is(lines(offer), 'PIPELINING | VRFY | ETRN | XCLIENT NAME ADDR | ENHANCEDSTATUSCODES | 8BITMIME')
  assert.equal(offer.features, { dsn: false, smtputf8: false, sizeLimit: 1000 })
  assert.equal([offer.chunking, offer.startTls], [false, false])
})

const table = (answer: (key: string) => Lookup | Promise<Lookup>): Table => ({ name: 't', pattern: false, get: answer })
const offers = (...tables: Table[]) =>
  new Offers(
    ALL,
    ['pipelining'],
    tables,
    systemClock,
    logger(() => silentSink),
  )

test('a table’s list stands for the option’s', async () => {
  for (const late of [false, true]) {
    const answer = (key: string) => (key === '192.0.2.1' ? found('dsn, size chunking') : absent())
    const all = offers(table((key) => (late ? Promise.resolve(answer(key)) : answer(key))))
    assert.match(lines(await all.of('192.0.2.1')), /^PIPELINING \| VRFY .*8BITMIME \| SMTPUTF8$/)
    assert.match(lines(await all.of('192.0.2.2')), /^SIZE 1000 /)
  }
})
test('a table that fails refuses EHLO, and nothing else', async () => {
  const offer = await offers(table(() => failed('away'))).of('192.0.2.1')
  assert.equal([offer.ehlo.code, offer.ehloSecure.code, offer.ehlo.close], [421, 421, true])
  assert.is(offer.features.dsn, true)
})
test.run()
