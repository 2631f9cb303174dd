import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failed } from '@postern/core'
import { rcptView, resolveView } from '@postern/testkit'
import { AWAY, build } from './build.ts'
import type { Options } from './build.ts'

const options: Options = {
  mydestination: ['local.example'],
  virtualAliasDomains: ['va.example'],
  virtualMailboxDomains: ['vm.example', 'catch.example'],
  relayDomains: ['relay.example'],
  transportMaps: ['hash:/transport'],
  localRecipientMaps: ['hash:/passwd', 'hash:/aliases'],
  virtualMailboxMaps: ['hash:/vmbox'],
  relayRecipientMaps: ['hash:/relayrcpt'],
}
const tables = {
  'hash:/passwd': { rich: 'x' },
  'hash:/aliases': { info: 'x', 'tag+on': 'x' },
  'hash:/vmbox': { 'rich@vm.example': 'x', '@catch.example': 'x', bare: 'x' },
  'hash:/relayrcpt': { 'known@relay.example': 'x', '@sub.relay.example': 'x' },
  'hash:/transport': {
    'err.example': 'error:mail to this domain is refused',
    'errcode.example': 'error:5.1.6 moved away',
    'retry.example': 'retry:4.3.0 not today',
  },
}
const aliases = {
  'info@va.example': 'rich@local.example',
  'broken@va.example': 'nouser@local.example',
  'alias@local.example': 'rich@vm.example',
  'saved@err.example': 'rich@local.example',
}
const UNKNOWN = 'Recipient address rejected: User unknown in'
const ROWS: readonly (readonly [string, string | undefined])[] = [
  ['rich@local.example', undefined],
  ['Rich@Local.Example', undefined],
  ['rich+ext@local.example', undefined],
  ['rich', undefined],
  ['info@local.example', undefined],
  ['tag+on@local.example', undefined],
  ['nouser@local.example', `550 5.1.1 <nouser@local.example>: ${UNKNOWN} local recipient table`],
  ['nouser', `550 5.1.1 <nouser>: ${UNKNOWN} local recipient table`],
  ['"ri ch"@local.example', `550 5.1.1 <ri ch@local.example>: ${UNKNOWN} local recipient table`],
  ['alias@local.example', undefined],
  ['info@va.example', undefined],
  ['broken@va.example', undefined],
  ['none@va.example', `550 5.1.1 <none@va.example>: ${UNKNOWN} virtual alias table`],
  ['rich@vm.example', undefined],
  ['none@vm.example', `550 5.1.1 <none@vm.example>: ${UNKNOWN} virtual mailbox table`],
  // a key without domain is for local addresses
  ['bare@vm.example', `550 5.1.1 <bare@vm.example>: ${UNKNOWN} virtual mailbox table`],
  ['any@catch.example', undefined],
  ['known@relay.example', undefined],
  ['none@relay.example', `550 5.1.1 <none@relay.example>: ${UNKNOWN} relay recipient table`],
  ['any@sub.relay.example', undefined],
  ['x@remote.example', undefined],
  ['x@err.example', '550 5.1.1 <x@err.example>: Recipient address rejected: mail to this domain is refused'],
  ['"a b"@err.example', '550 5.1.1 <a b@err.example>: Recipient address rejected: mail to this domain is refused'],
  ['saved@err.example', undefined],
  ['x@errcode.example', '550 5.1.6 <x@errcode.example>: Recipient address rejected: moved away'],
  ['x@retry.example', '450 4.3.0 <x@retry.example>: Recipient address rejected: not today'],
]
/** what is kept for the end of RCPT, behind other policy */
const said = (answer: unknown): string | undefined => {
  const kept = answer as { edits: { kind: string; refuse: { code: number; esc: string; text: string } }[] } | undefined
  if (!kept) return undefined
  assert.equal(
    kept.edits.map((e) => e.kind),
    ['refuseLater'],
  )
  const { code, esc, text } = kept.edits[0]!.refuse
  return `${code} ${esc} ${text}`
}
for (const [recipient, expected] of ROWS) {
  test(`RCPT ${recipient}`, async () => {
    const t = build(options, { tables, aliases })
    assert.is(said(await t.rcpt(rcptView({ recipient }))), expected)
  })
}

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
  const text = (a: string) => `<${a}>: Recipient address rejected: User unknown`
  for (const [recipient, code] of [
    ['nouser@local.example', '450 4.1.1'],
    ['none@va.example', '551 5.1.1'],
    ['none@vm.example', '552 5.1.1'],
    ['none@relay.example', '553 5.1.1'],
  ] as const) {
    assert.is(said(await t.rcpt(rcptView({ recipient }))), `${code} ${text(recipient)}`)
  }
})

test('a failed lookup is 451, whichever table it was', async () => {
  for (const away of ['hash:/passwd', 'hash:/aliases', 'hash:/transport']) {
    const t = build(options, { tables: { ...tables, [away]: () => failed('away') }, aliases })
    const answer = said(await t.rcpt(rcptView({ recipient: 'nouser@local.example' })))
    assert.is(answer, '451 4.3.0 <nouser@local.example>: Temporary lookup failure', away)
  }
})

test('an alias table that does not answer is 451: the address may be in it', async () => {
  const t = build(options, { tables, aliases: { 'nouser@local.example': AWAY } })
  const answer = said(await t.rcpt(rcptView({ recipient: 'nouser@local.example' })))
  assert.is(answer, '451 4.3.0 <nouser@local.example>: Temporary lookup failure')
})

test('without tables nobody is refused at RCPT', () => {
  assert.not.ok(build({}).taps.some((t) => t.hook === 'rcpt'))
})

test('after commit an unknown recipient fails as its delivery agent would say', async () => {
  for (const [recipient, text] of [
    ['NoUser@local.example', 'unknown user: "nouser"'],
    ['none@vm.example', 'unknown user: "none@vm.example"'],
    ['none@relay.example', 'User unknown in relay recipient table'],
  ] as const) {
    const answer = await build(options, { tables }).resolve(resolveView({ recipient }))
    assert.is(answer?.kind, 'refuse')
    if (answer?.kind === 'refuse') assert.equal([answer.esc, answer.text], ['5.1.1', text])
  }
})

test('another transport than the class has decides for itself who exists', async () => {
  const t = build(
    { ...options, transportMaps: ['hash:/moved'] },
    { tables: { ...tables, 'hash:/moved': { 'local.example': 'smtp:[127.0.0.9]' } } },
  )
  const answer = await t.resolve(resolveView({ recipient: 'nouser@local.example' }))
  assert.is(answer?.kind, 'route')
})

test.run()
