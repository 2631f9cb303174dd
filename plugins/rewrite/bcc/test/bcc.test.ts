import { addressOf, failed } from '@postern/core'
import type { AddressClasses, AddressRewriter, DraftRecipientView, Origin, RecipientRewrites } from '@postern/core'
import { draftView, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import bcc from '@postern/rewrite-bcc'

type Options = NonNullable<Parameters<typeof bcc>[0]>
const classes: AddressClasses = {
  classOf: ({ domain }) => ({ kind: 'class', class: domain === 'here.example' ? 'local' : 'default' }),
}
const rewriter: AddressRewriter = {
  standard: (a) => (a.domain === '' ? addressOf(`${a.text}@here.example`) : a),
  within: () => undefined,
}
const canonical: RecipientRewrites = {
  knows: () => false,
  rewrite: (a) =>
    a.local === 'old'
      ? addressOf('new@arch.example')
      : a.local === 'cfail'
        ? { kind: 'failed', why: 'retry', cause: 'away' }
        : a,
}
const other: RecipientRewrites = { knows: () => false }
const inline = (map: Record<string, string>) => [{ type: 'inline', map }]
const S = inline({
  'a@b.example': 'sbcc@arch.example',
  'katie+q': 'ext@arch.example',
  katie: 'bare',
  '@dom.example': 'dom@arch.example',
})
const R = inline({
  'x@far.example': 'rbcc@arch.example',
  'y@far.example': 'RBCC@arch.example',
  'rich+e@here.example': 'richext@arch.example',
  rich: 'rich@arch.example',
  '@dom2.example': 'all@arch.example',
  'c@far.example': 'old@arch.example',
})
const build = (options: Options) =>
  tap(bcc, options, {
    site: { myorigin: 'here.example', recipientDelimiter: '+' },
    needs: { classes, rewriter, rewrites: { other, canonical } },
    tables: { 'hash:/down': () => failed('away') },
  })
interface Mail {
  readonly sender?: string
  readonly recipients?: readonly (string | Partial<DraftRecipientView>)[]
  readonly origin?: Origin
}
async function copies(options: Options, mail: Mail) {
  const answer = await build(options).cleanup(
    draftView({ sender: 'n@far.example', recipients: ['n@far.example'], ...mail }),
  )
  if (answer?.kind !== 'edits') return answer && [answer.kind, 'text' in answer && answer.text]
  return answer.edits.map((e) => (e.kind === 'recipient.add' && e.bcc ? e.address : e.kind))
}
const CASES: [title: string, options: Options, mail: Mail, copies: string[] | undefined][] = [
  ['of all mail', { alwaysBcc: 'all@arch.example' }, {}, ['all@arch.example']],
  ['to a bare name', { alwaysBcc: 'keeper' }, {}, ['keeper@here.example']],
  ['of bounces from elsewhere', { alwaysBcc: 'keeper' }, { sender: '' }, ['keeper@here.example']],
  ['by sender', { senderBccMaps: S }, { sender: 'a@b.example' }, ['sbcc@arch.example']],
  ['without its extension', { senderBccMaps: S }, { sender: 'a+x@b.example' }, ['sbcc@arch.example']],
  ['local with extension', { senderBccMaps: S }, { sender: 'katie+q@here.example' }, ['ext@arch.example']],
  ['local', { senderBccMaps: S }, { sender: 'katie+r@here.example' }, ['bare@here.example']],
  ['a bare key is for local senders', { senderBccMaps: S }, { sender: 'katie@far.example' }, undefined],
  ['by its domain', { senderBccMaps: S }, { sender: 'z@dom.example' }, ['dom@arch.example']],
  [
    'the null sender has none',
    { senderBccMaps: inline({ '': 'x@y.example', '@': 'x@y.example' }) },
    { sender: '' },
    undefined,
  ],
  ['by recipient', { recipientBccMaps: R }, { recipients: ['x@far.example'] }, ['rbcc@arch.example']],
  ['once for two', { recipientBccMaps: R }, { recipients: ['x@far.example', 'y@far.example'] }, ['rbcc@arch.example']],
  [
    'each recipient in turn',
    { recipientBccMaps: R },
    { recipients: ['rich+e@here.example', 'n@far.example', 'rich+f@here.example', 'u@dom2.example'] },
    ['richext@arch.example', 'rich@arch.example', 'all@arch.example'],
  ],
  [
    'not for what is a blind copy itself',
    { recipientBccMaps: R },
    { recipients: ['n@far.example', { address: 'x@far.example', bcc: true }] },
    undefined,
  ],
  [
    'sender, recipients, all',
    { alwaysBcc: 'all@arch.example', senderBccMaps: S, recipientBccMaps: R },
    { sender: 'a@b.example', recipients: ['x@far.example'] },
    ['sbcc@arch.example', 'rbcc@arch.example', 'all@arch.example'],
  ],
  ['rewritten as recipients are', { recipientBccMaps: R }, { recipients: ['c@far.example'] }, ['new@arch.example']],
  ['beside a recipient', { alwaysBcc: 'keeper' }, { recipients: ['keeper@here.example'] }, ['keeper@here.example']],
  [
    'to a list of addresses, which is one in quotes',
    { recipientBccMaps: inline({ 'n@far.example': 'a@b.example, c@d.example' }) },
    {},
    ['"a@b.example, c"@d.example'],
  ],
  [
    'to the null sender in brackets, which is a name',
    { recipientBccMaps: inline({ 'n@far.example': '<>' }) },
    {},
    ['"<>"@here.example'],
  ],
  ['nobody', { senderBccMaps: S, recipientBccMaps: R }, {}, undefined],
]
for (const [title, options, mail, expected] of CASES)
  test(`a copy ${title}`, async () => {
    assert.equal(await copies(options, mail), expected)
  })

const ORIGINS: [origin: Origin, copied: boolean][] = [
  [{ kind: 'smtp', listener: 'smtp', session: 's' }, true],
  [{ kind: 'lmtp', listener: 'lmtp', session: 's' }, true],
  [{ kind: 'submit', by: 'listen-drop' }, true],
  [{ kind: 'forward', by: 'x', of: 'y' }, false],
  [{ kind: 'bounce', by: 'x', of: 'y' }, false],
]
for (const [origin, copied] of ORIGINS)
  test(`${origin.kind} mail is ${copied ? '' : 'not '}copied`, async () => {
    assert.equal(await copies({ alwaysBcc: 'keeper' }, { origin }), copied ? ['keeper@here.example'] : undefined)
  })

const DEFERRED = ['defer', 'Error: queue file write error']
for (const [title, options] of [
  ['the table of senders cannot be asked', { senderBccMaps: ['hash:/down'] }],
  ['the table of recipients cannot be asked', { recipientBccMaps: ['hash:/down'] }],
  ['what rewrites recipients cannot be asked', { alwaysBcc: 'cfail' }],
  ['a table that names no address', { senderBccMaps: inline({ 'n@far.example': '@arch.example' }) }],
] as [string, Options][])
  test(`451: ${title}`, async () => {
    assert.equal(await copies(options, {}), DEFERRED)
  })
test('an address of the configuration is checked at start', () => {
  assert.throws(() => build({ alwaysBcc: '<>' }), /expected an address/)
})
test('nothing to do', () => {
  assert.is(build({}).taps.length, 0)
})
test.run()
