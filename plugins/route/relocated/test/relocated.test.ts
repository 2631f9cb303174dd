import { addressOf, failed } from '@postern/core'
import type { AddressClasses, AddressRewriter, Call, RecipientRewrites, ResolvedAddress } from '@postern/core'
import { mailView, rcptView, resolveView, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import relocated from '@postern/route-relocated'

type Options = NonNullable<Parameters<typeof relocated>[0]>
const classes: AddressClasses = {
  classOf: ({ domain }) => ({ kind: 'class', class: domain === 'here.example' ? 'local' : 'default' }),
}
const rewriter: AddressRewriter = {
  standard: (a) => (a.domain === '' ? addressOf(`${a.text}@here.example`) : a),
  within: () => undefined,
}
const canonical: RecipientRewrites = {
  knows: ({ local }) =>
    local === 'rewritten' ? true : local === 'cfail' && { kind: 'failed', why: 'retry', cause: 'away' },
}
const map = {
  'moved@here.example': 'new@new.example',
  katie: 'somewhere else',
  '@gone.example': 'nowhere at all',
  'ext+x@here.example': 'with extension',
  'rewritten@here.example': 'x',
  'cfail@here.example': 'x',
  'alias@here.example': 'x',
  // what it stands for has moved, with the same text
  'alias2@here.example': 'new@new.example',
  'circle@here.example': 'x',
  'afail@here.example': 'x',
}
const MAPS: Options = { relocatedMaps: [{ type: 'inline', map }] }
const ALIASES: Record<string, string> = {
  'alias@here.example': 'rich@here.example',
  'alias2@here.example': 'moved@here.example',
}

function build(options: Options = MAPS) {
  const t = tap(relocated, options, {
    site: { myorigin: 'here.example', recipientDelimiter: '+' },
    needs: { classes, rewriter, rewrites: { canonical } },
    tables: { 'hash:/down': () => failed('away') },
    resolve: (address, call) => resolved(address, call),
  })
  async function resolved(asked: string, call: Call): Promise<ResolvedAddress> {
    const failure = { kind: 'failed', address: asked, permanent: false } as const
    if (asked.startsWith('circle')) return { ...failure, esc: '4.6.0', text: 'Alias expansion error' }
    if (asked.startsWith('afail')) return { ...failure, esc: '4.3.0', text: 'away' }
    const address = ALIASES[asked] ?? asked
    const answer = await t.resolve(resolveView({ recipient: address }), call)
    if (answer?.kind === 'refuse' || answer?.kind === 'defer')
      return { kind: 'failed', address, permanent: answer.kind === 'refuse', esc: answer.esc, text: answer.text }
    return { kind: 'routes', routes: [{ address, transport: 'smtp', nexthop: 'x' }], failures: [] }
  }
  return t
}
/** What is kept for the end of RCPT, behind other policy. */
function said(answer: unknown): string | undefined {
  const kept = answer as { edits: { kind: string; refuse: { code: number; esc: string; text: string } }[] } | undefined
  if (!kept) return undefined
  assert.equal(
    kept.edits.map((e) => e.kind),
    ['refuseLater'],
  )
  const { code, esc, text } = kept.edits[0]!.refuse
  return `${code} ${esc} ${text}`
}
const rcpt = async (recipient: string, options?: Options) => said(await build(options).rcpt(rcptView({ recipient })))
const resolve = async (recipient: string, options?: Options) => {
  const answer = await build(options).resolve(resolveView({ recipient }))
  return answer?.kind === 'refuse' || answer?.kind === 'defer' ? `${answer.kind} ${answer.esc} ${answer.text}` : answer
}

const MOVED: [recipient: string, to: string | undefined][] = [
  ['moved@here.example', 'new@new.example'],
  ['moved+z@here.example', 'new@new.example'],
  ['katie@here.example', 'somewhere else'],
  ['katie+y@here.example', 'somewhere else'],
  ['katie@far.example', undefined],
  ['ext+x@here.example', 'with extension'],
  ['ext@here.example', undefined],
  ['anybody@gone.example', 'nowhere at all'],
  ['rich@here.example', undefined],
]
for (const [recipient, to] of MOVED)
  test(`${recipient} has moved to ${to}`, async () => {
    const text = `User has moved to ${to}`
    assert.is(await rcpt(recipient), to && `550 5.1.6 <${recipient}>: Recipient address rejected: ${text}`)
    assert.is(await resolve(recipient), to && `refuse 5.1.6 ${text}`)
  })

const PLAIN: [value: string, rcpt: string, resolve: string][] = [
  ['5.2.0 box closed', '550 5.2.0 <m@here.example>: Recipient address rejected: box closed', 'refuse 5.2.0 box closed'],
  ['4.2.0 box closed', '550 5.2.0 <m@here.example>: Recipient address rejected: box closed', 'refuse 5.2.0 box closed'],
  ['box closed', '550 5.1.1 <m@here.example>: Recipient address rejected: box closed', 'refuse 5.0.0 box closed'],
  [
    '5.1.8 for senders',
    '550 5.1.2 <m@here.example>: Recipient address rejected: for senders',
    'refuse 5.1.8 for senders',
  ],
  ['5.2.0 ', '451 4.3.0 <m@here.example>: Temporary lookup failure', 'defer 4.3.0 address resolver failure'],
]
for (const [value, atRcpt, behind] of PLAIN)
  test(`without the prefix: "${value}"`, async () => {
    const options = { relocatedMaps: [{ type: 'inline', map: { m: value } }], relocatedPrefixEnable: false }
    assert.is(await rcpt('m@here.example', options), atRcpt)
    assert.is(await resolve('m@here.example', options), behind)
  })

for (const recipient of ['rewritten', 'alias', 'alias2', 'circle'])
  test(`${recipient} is expanded or rewritten first`, async () => {
    assert.is(await rcpt(`${recipient}@here.example`), undefined)
  })
for (const [title, recipient, options] of [
  ['the table', 'x@far.example', { relocatedMaps: ['hash:/down'] }],
  ['the table, of what is rewritten too,', 'rewritten@here.example', { relocatedMaps: ['hash:/down'] }],
  ['what rewrites', 'cfail@here.example', MAPS],
  ['what expands', 'afail@here.example', MAPS],
] as [string, string, Options][])
  test(`451 when ${title} cannot be asked`, async () => {
    assert.is(await rcpt(recipient, options), `451 4.3.0 <${recipient}>: Temporary lookup failure`)
  })
test('a table that cannot be asked keeps the mail', async () => {
  assert.is(await resolve('x@far.example', { relocatedMaps: ['hash:/down'] }), 'defer 4.3.0 address resolver failure')
})
test('only behind the queue', async () => {
  const t = build({ ...MAPS, smtpdRejectUnlistedRecipient: false })
  assert.equal(
    t.taps.map(({ hook }) => hook),
    ['resolve'],
  )
})
test('senders, where they are refused', async () => {
  const mail = (sender: string, options: Options) => build(options).mail(mailView({ sender }))
  const on = { ...MAPS, smtpdRejectUnlistedSender: true }
  const text = '550 5.1.7 <moved@here.example>: Sender address rejected: User has moved to new@new.example'
  assert.is(said(await mail('moved@here.example', on)), text)
  assert.is(await mail('rich@here.example', on), undefined)
  const anybody = { relocatedMaps: [{ type: 'inline', map: { '': 'x', '@': 'x' } }], smtpdRejectUnlistedSender: true }
  assert.is(await mail('', anybody), undefined)
  assert.is(await mail('moved@here.example', MAPS), undefined)
  const plain = { relocatedMaps: [{ type: 'inline', map: { m: 'gone' } }], relocatedPrefixEnable: false }
  const other = said(await mail('m@here.example', { ...plain, smtpdRejectUnlistedSender: true }))
  // no status named: 5.1.0
  assert.is(other, '550 5.1.0 <m@here.example>: Sender address rejected: gone')
})
test('nothing to look up, nothing to do', () => {
  assert.is(build({}).taps.length, 0)
})
test.run()
