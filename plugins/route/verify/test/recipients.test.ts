import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, addressOf, failed, found } from '@postern/core'
import type { RecipientTables } from '@postern/core'
import { fakeCall, rcptView } from '@postern/testkit'
import { build, kept } from './build.ts'
import type { Around, Failure, Options } from './build.ts'

const options: Options = {
  localRecipientMaps: ['hash:/passwd', 'hash:/aliases'],
  virtualMailboxMaps: ['hash:/vmbox'],
  relayRecipientMaps: ['hash:/relayrcpt'],
}
/** without case, as tables of fixed keys are */
const fixed =
  (...keys: string[]) =>
  (key: string) =>
    keys.includes(key.toLowerCase()) ? found('x') : absent()
const tables = {
  'hash:/passwd': fixed('rich', '"q 1"', 'q 2@local.example'),
  'hash:/aliases': fixed('info', 'tag+on'),
  'hash:/vmbox': fixed('rich@vm.example', '@catch.example', 'bare'),
  'hash:/relayrcpt': fixed('known@relay.example', '@sub.relay.example'),
}
const ways = {
  'err.example': 'error:mail to this domain is refused',
  'code.example': 'error:5.1.6 moved away',
  'bare.example': 'error:5.7.1',
  'sender.example': 'error:5.1.8 wrong place',
  'soft.example': 'error:4.1.1 soft code',
  'retry.example': 'retry:4.3.0 not today',
  'later.example': 'retry:not today',
  'away.example': 'away',
}
const moved: Failure = { permanent: true, esc: '5.1.6', text: 'User has moved to new@place.example' }
const ends: Around['ends'] = {
  'info@va.example': ['rich@local.example'],
  'loop@va.example': { permanent: false, esc: '4.6.0', text: 'Alias expansion error' },
  'later@va.example': { permanent: false, esc: '4.3.0', text: 'Temporary lookup failure' },
  'alias@local.example': ['rich@vm.example'],
  'two@local.example': ['two@local.example', 'other@local.example'],
  'saved@err.example': ['rich@local.example'],
  'x@err.example': ['x@err.example'],
  '"a b"@err.example': ['"a b"@err.example'],
  'moved@local.example': moved,
}
const gone = (a: string, table: string) =>
  `550 5.1.1 <${a}>: Recipient address rejected: User unknown in ${table} table`
// replies of a live Postfix 3.7, except where aliases come in
const ROWS: readonly (readonly [string, string | undefined])[] = [
  ['rich@local.example', undefined],
  ['Rich@Local.Example', undefined],
  ['rich+ext@local.example', undefined],
  ['info@local.example', undefined],
  ['tag+on@local.example', undefined],
  ['tag+off@local.example', gone('tag+off@local.example', 'local recipient')],
  ['"q 1"@local.example', undefined],
  ['"q 2"@local.example', undefined],
  ['nouser@local.example', gone('nouser@local.example', 'local recipient')],
  ['"ri ch"@local.example', gone('ri ch@local.example', 'local recipient')],
  ['postmaster@local.example', undefined],
  ['Mailer-Daemon@local.example', undefined],
  ['double-bounce@local.example', undefined],
  ['postmaster@vm.example', gone('postmaster@vm.example', 'virtual mailbox')],
  ['alias@local.example', undefined],
  ['two@local.example', undefined],
  [
    'moved@local.example',
    '550 5.1.6 <moved@local.example>: Recipient address rejected: User has moved to new@place.example',
  ],
  ['nouser%local.example@other.example', gone('nouser%local.example@other.example', 'local recipient')],
  ['info@va.example', undefined],
  ['loop@va.example', undefined],
  ['later@va.example', '451 4.3.0 <later@va.example>: Temporary lookup failure'],
  ['none@va.example', gone('none@va.example', 'virtual alias')],
  ['rich@vm.example', undefined],
  ['none@vm.example', gone('none@vm.example', 'virtual mailbox')],
  // a key without domain is for local addresses
  ['bare@vm.example', gone('bare@vm.example', 'virtual mailbox')],
  ['any@catch.example', undefined],
  ['known@relay.example', undefined],
  ['none@relay.example', gone('none@relay.example', 'relay recipient')],
  ['any@sub.relay.example', undefined],
  ['x@remote.example', undefined],
  ['x@err.example', '550 5.1.1 <x@err.example>: Recipient address rejected: mail to this domain is refused'],
  ['"a b"@err.example', '550 5.1.1 <a b@err.example>: Recipient address rejected: mail to this domain is refused'],
  ['saved@err.example', undefined],
  ['x@code.example', '550 5.1.6 <x@code.example>: Recipient address rejected: moved away'],
  ['x@bare.example', '550 5.7.1 <x@bare.example>: Recipient address rejected: Address is undeliverable'],
  ['x@sender.example', '550 5.1.2 <x@sender.example>: Recipient address rejected: wrong place'],
  ['x@soft.example', '550 5.1.1 <x@soft.example>: Recipient address rejected: soft code'],
  ['x@retry.example', '450 4.3.0 <x@retry.example>: Recipient address rejected: not today'],
  ['x@later.example', '450 4.1.1 <x@later.example>: Recipient address rejected: not today'],
  ['x@away.example', '451 4.3.0 <x@away.example>: Temporary lookup failure'],
]
for (const [recipient, expected] of ROWS)
  test(`RCPT ${recipient}`, async () => {
    const t = build(options, { tables, ways, ends })
    const answer = kept(await t.rcpt(rcptView({ recipient })))
    assert.is(answer, expected && `refuseLater ${expected}`)
  })

test('reject codes, and no table name', async () => {
  const t = build(
    {
      ...options,
      unknownLocalRecipientRejectCode: 450,
      unknownVirtualAliasRejectCode: 551,
      unknownVirtualMailboxRejectCode: 552,
      unknownRelayRecipientRejectCode: 553,
      showUserUnknownTableName: false,
    },
    { tables },
  )
  for (const [recipient, code] of [
    ['nouser@local.example', '450 4.1.1'],
    ['none@va.example', '551 5.1.1'],
    ['none@vm.example', '552 5.1.1'],
    ['none@relay.example', '553 5.1.1'],
  ] as const)
    assert.is(
      kept(await t.rcpt(rcptView({ recipient }))),
      `refuseLater ${code} <${recipient}>: Recipient address rejected: User unknown`,
    )
})

const TEMPORARY = (a: string) => `refuseLater 451 4.3.0 <${a}>: Temporary lookup failure`
test('a table that is away is 451, whoever it knows', async () => {
  for (const away of ['hash:/passwd', 'hash:/aliases'])
    for (const recipient of ['nouser@local.example', 'nobody+else@local.example']) {
      const t = build(options, { tables: { ...tables, [away]: async () => failed('away') } })
      assert.is(kept(await t.rcpt(rcptView({ recipient }))), TEMPORARY(recipient), away)
    }
})

test('a table that is away does not keep out whom an alias knows', async () => {
  const t = build(options, { tables: { 'hash:/passwd': () => failed('away') }, ends })
  assert.is(kept(await t.rcpt(rcptView({ recipient: 'alias@local.example' }))), undefined)
  assert.is(kept(await t.rcpt(rcptView({ recipient: 'postmaster@local.example' }))), undefined)
})

test('an empty value is a mistake in the table: 451', async () => {
  const t = build(options, { tables: { ...tables, 'hash:/passwd': () => found('') } })
  assert.is(kept(await t.rcpt(rcptView({ recipient: 'rich@local.example' }))), TEMPORARY('rich@local.example'))
})

test('who is rewritten behind RCPT exists; tables of that which are away are 451', async () => {
  for (const [known, expected] of [
    [true, undefined],
    [false, `refuseLater ${gone('nouser@local.example', 'local recipient')}`],
    [failed('away') as never, TEMPORARY('nouser@local.example')],
  ] as const) {
    const t = build(options, { tables, rewrites: { knows: async () => known } })
    assert.is(kept(await t.rcpt(rcptView({ recipient: 'nouser@local.example' }))), expected)
  }
})

test('without tables only virtual aliases are refused', async () => {
  const t = build({})
  for (const recipient of ['any@local.example', 'any@vm.example', 'any@relay.example'])
    assert.is(kept(await t.rcpt(rcptView({ recipient }))), undefined)
  const recipient = 'none@va.example'
  assert.is(kept(await t.rcpt(rcptView({ recipient }))), `refuseLater ${gone(recipient, 'virtual alias')}`)
})

test('smtpdRejectUnlistedRecipient: false refuses nobody', () => {
  assert.equal(build({ ...options, smtpdRejectUnlistedRecipient: false }, { tables }).taps, [])
})

test('the role says who exists', async () => {
  const t = build({ localRecipientMaps: ['hash:/passwd'] }, { tables })
  const role = t.provided('recipientTables', 'route-verify') as RecipientTables
  const asked = async (address: string, name: Parameters<RecipientTables['exists']>[1]) =>
    role.exists(addressOf(address), name, fakeCall())
  assert.is(await asked('rich@local.example', 'local'), true)
  assert.is(await asked('nouser@local.example', 'local'), false)
  assert.is(await asked('any@relay.example', 'relay'), undefined)
  assert.is(await asked('any@far.example', 'default'), undefined)
  assert.is(role.unknownText('relay'), 'User unknown in relay recipient table')
})

test.run()
