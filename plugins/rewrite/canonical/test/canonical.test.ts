import { addressOf, failed } from '@postern/core'
import type { AddressClasses, AddressRewriter, Edits, EnvelopeEdit, HeaderEdit, RecipientRewrites } from '@postern/core'
import { draftView, fakeCall, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import canonical from '@postern/rewrite-canonical'

type Options = Parameters<typeof canonical>[0]
const classes: AddressClasses = {
  classOf: ({ domain }) => ({ kind: 'class', class: domain === 'here.example' || domain === '' ? 'local' : 'default' }),
}
const rewriter: AddressRewriter = {
  standard: (a) => (a.domain === '' ? addressOf(`${a.text}@here.example`) : a),
  within: () => undefined,
}
const MAPS = {
  joe: 'Joe.Doe',
  '@old.example': '@new.example',
  'a@loop.example': 'b@loop.example',
  'b@loop.example': 'a@loop.example',
}
const inline = (map: Record<string, string>) => [{ type: 'inline', map }]
const plugin = (options: Options, tables = {}) =>
  tap(canonical, options, {
    site: { myorigin: 'here.example', recipientDelimiter: '+' },
    needs: { classes, rewriter },
    tables,
  } as never)
async function rewritten(
  options: Options,
  header = 'From: joe@here.example\nTo: Old <x@old.example>, joe@here.example\n',
) {
  const answer = await plugin(options).cleanup(
    draftView({ header, sender: 'joe@here.example', recipients: ['x+y@old.example', 'z@other.example'] }),
  )
  if (answer?.kind !== 'edits') return answer
  return (answer as Edits<EnvelopeEdit | HeaderEdit>).edits.map((e) => {
    switch (e.kind) {
      case 'sender.set':
        return `sender ${e.address}`
      case 'recipient.replace':
        return `${e.from} to ${e.to}`
      case 'header.replace':
        return `${e.name}: ${e.value}`
      default:
        return e.kind
    }
  })
}
const ALL = [
  'sender Joe.Doe@here.example',
  'x+y@old.example to x+y@new.example',
  'From: Joe.Doe@here.example',
  'To: Old <x@new.example>, Joe.Doe@here.example',
]
const CASES: [title: string, options: Options, edits: string[]][] = [
  ['everywhere', { canonicalMaps: inline(MAPS) }, ALL],
  ['senders only', { senderCanonicalMaps: inline(MAPS) }, [ALL[0]!, ALL[2]!]],
  ['recipients only', { recipientCanonicalMaps: inline(MAPS) }, [ALL[1]!, ALL[3]!]],
  [
    'the envelope only',
    { canonicalMaps: inline(MAPS), canonicalClasses: ['envelope_sender', 'envelope_recipient'] },
    ALL.slice(0, 2),
  ],
  ['headers of senders only', { canonicalMaps: inline(MAPS), canonicalClasses: ['header_sender'] }, [ALL[2]!]],
  [
    'senders first, then all',
    { senderCanonicalMaps: inline({ joe: 'k@old.example' }), canonicalMaps: inline(MAPS) },
    ['sender k@new.example', ALL[1]!, 'From: k@new.example', ALL[3]!],
  ],
]
for (const [title, options, edits] of CASES)
  test(title, async () => {
    assert.equal(await rewritten(options), edits)
  })
test('the null sender as a result', async () => {
  const t = plugin({ canonicalMaps: inline({ 'joe@here.example': '<>', 'k@x.example': '<>' }) })
  const draft = draftView({ header: 'Subject: x\n', sender: 'joe@here.example', recipients: ['k@x.example'] })
  const answer = (await t.cleanup(draft)) as { edits: readonly object[] }
  assert.equal(answer.edits, [
    { kind: 'sender.set', address: '' },
    { kind: 'recipient.replace', from: 'k@x.example', to: 'MAILER-DAEMON@mail.site.example' },
  ])
})
test('nothing to do', async () => {
  assert.is(await rewritten({ canonicalMaps: inline({ other: 'x' }) }), undefined)
  assert.is(await rewritten({}), undefined)
})
test('the null sender stays', async () => {
  const draft = draftView({ header: 'From: x@y.example\n', sender: '', recipients: ['z@y.example'] })
  assert.is(
    await plugin({ canonicalMaps: inline({ '@here.example': 'x@y.example', '': 'bad' }) }).cleanup(draft),
    undefined,
  )
})
const FAILURES: [title: string, options: Options][] = [
  ['a table that fails', { canonicalMaps: ['hash:/down'] }],
  ['a result that is no address', { canonicalMaps: inline({ joe: '()' }) }],
]
for (const [title, options] of FAILURES)
  test(`${title} defers`, async () => {
    const answer = await rewritten(options)
    assert.is((answer as { kind?: string } | undefined)?.kind, 'defer')
  })
test('a local part is looked up only where its domain is ours, whatever the domain looks like', async () => {
  const t = plugin({ canonicalMaps: inline({ joe: 'Joe.Doe' }) })
  for (const header of ['From: joe@#5\n', 'From: joe@a..b\n', 'From: joe@\n'])
    assert.is(await t.cleanup(draftView({ header, sender: '', recipients: [] })), undefined, header)
})
test('an address that it rewrites is known at RCPT', async () => {
  const role = (options: Options, tables = {}) =>
    plugin(options, tables).provided('recipientRewrites', 'rewrite-canonical') as RecipientRewrites
  const maps = { canonicalMaps: inline(MAPS) }
  assert.is(await role(maps).knows(addressOf('joe@here.example'), fakeCall()), true)
  assert.is(await role(maps).knows(addressOf('bob@here.example'), fakeCall()), false)
  assert.is(await role({ senderCanonicalMaps: inline(MAPS) }).knows(addressOf('joe@here.example'), fakeCall()), false)
  const down = role({ canonicalMaps: ['hash:/down'] }, { 'hash:/down': () => failed('away') })
  assert.is(((await down.knows(addressOf('joe@here.example'), fakeCall())) as { kind: string }).kind, 'failed')
})
test('a recipient that is added behind it is rewritten as the others', async () => {
  const role = (options: Options) =>
    plugin(options, { 'hash:/down': () => failed('away') }).provided(
      'recipientRewrites',
      'rewrite-canonical',
    ) as Required<RecipientRewrites>
  const to = async (options: Options, address: string) => {
    const answer = await role(options).rewrite(addressOf(address), fakeCall())
    return 'kind' in answer ? answer.kind : answer.text
  }
  const maps = { canonicalMaps: inline(MAPS) }
  assert.is(await to(maps, 'x+y@old.example'), 'x+y@new.example')
  assert.is(await to(maps, 'bob@here.example'), 'bob@here.example')
  assert.is(await to({ senderCanonicalMaps: inline(MAPS) }, 'x@old.example'), 'x@old.example')
  assert.is(await to({ ...maps, canonicalClasses: ['header_recipient'] }, 'x@old.example'), 'x@old.example')
  assert.is(await to(maps, 'a@loop.example'), 'a@loop.example', 'ten times')
  assert.is(await to({ canonicalMaps: ['hash:/down'] }, 'x@old.example'), 'failed')
})
test.run()
