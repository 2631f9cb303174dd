import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, failed, found } from '@postern/core'
import { mailView } from '@postern/testkit'
import { build, kept, line } from './build.ts'
import type { Around } from './build.ts'

const options = { localRecipientMaps: ['hash:/passwd'], smtpdRejectUnlistedSender: true }
const tables: Around['tables'] = { 'hash:/passwd': (key) => (key.toLowerCase() === 'rich' ? found('x') : absent()) }
const ways = {
  'e1.example': 'error:5.1.6 moved',
  'e2.example': 'error:5.1.2 bad system',
  'e3.example': 'error:just text',
  'e4.example': 'error:5.4.4 four',
  'e5.example': 'error:5.1.5 five',
  'e6.example': 'error:5.1.0 zero',
  'e9.example': 'error:5.1.9 nine',
  'r1.example': 'retry:text',
  'r2.example': 'retry:5.1.1 hard code',
  'away.example': 'away',
}
const ends = { 'info@va.example': ['rich@local.example'] }
const no = (a: string, text: string) => `<${a}>: Sender address rejected: ${text}`
// replies of a live Postfix 3.7
const ROWS: readonly (readonly [string, string | undefined])[] = [
  ['rich@local.example', undefined],
  ['rich+x@local.example', undefined],
  ['postmaster@local.example', undefined],
  ['', undefined],
  ['x@other.example', undefined],
  ['any@relay.example', undefined],
  ['info@va.example', undefined],
  ['nouser@local.example', `550 5.1.0 ${no('nouser@local.example', 'User unknown in local recipient table')}`],
  ['"a b"@local.example', `550 5.1.0 ${no('a b@local.example', 'User unknown in local recipient table')}`],
  ['none@va.example', `550 5.1.7 ${no('none@va.example', 'User unknown in virtual alias table')}`],
  ['x@e1.example', `550 5.1.7 ${no('x@e1.example', 'moved')}`],
  ['x@e2.example', `550 5.1.8 ${no('x@e2.example', 'bad system')}`],
  ['x@e3.example', `550 5.1.0 ${no('x@e3.example', 'just text')}`],
  ['x@e4.example', `550 5.4.4 ${no('x@e4.example', 'four')}`],
  ['x@e5.example', `550 5.1.0 ${no('x@e5.example', 'five')}`],
  ['x@e6.example', `550 5.1.0 ${no('x@e6.example', 'zero')}`],
  ['x@e9.example', `550 5.1.0 ${no('x@e9.example', 'nine')}`],
  ['x@r1.example', `450 4.1.0 ${no('x@r1.example', 'text')}`],
  ['x@r2.example', `450 4.1.7 ${no('x@r2.example', 'hard code')}`],
  ['x@away.example', '451 4.3.0 <x@away.example>: Temporary lookup failure'],
]
for (const [sender, expected] of ROWS)
  test(`MAIL <${sender}>`, async () => {
    const answer = await build(options, { tables, ways, ends }).mail(mailView({ sender }))
    // kept, for a permit that ends the list, and said behind all other policy
    assert.is(kept(answer), expected && `refuseLater ${expected}`)
    const { verdict } = (answer ?? {}) as { verdict?: Parameters<typeof line>[0] }
    assert.is(verdict && line(verdict), expected)
  })

test('codes', async () => {
  const t = build({ ...options, unknownLocalRecipientRejectCode: 450, showUserUnknownTableName: false }, { tables })
  const answer = await t.mail(mailView({ sender: 'nouser@local.example' }))
  assert.is(kept(answer), `refuseLater 450 4.1.0 ${no('nouser@local.example', 'User unknown')}`)
})

test('a table that is away is 451', async () => {
  const t = build(options, { tables: { 'hash:/passwd': async () => failed('away') } })
  const answer = await t.mail(mailView({ sender: 'rich@local.example' }))
  assert.is(kept(answer), 'refuseLater 451 4.3.0 <rich@local.example>: Temporary lookup failure')
})

test('not unless it is asked for', () => {
  assert.equal(
    build({ localRecipientMaps: ['hash:/passwd'] }, { tables }).taps.map((t) => t.hook),
    ['rcpt'],
  )
})

test.run()
