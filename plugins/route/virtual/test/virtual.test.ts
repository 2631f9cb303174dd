import { absent, addressOf, found } from '@postern/core'
import type { AddressClasses, AddressRewriter, Expand } from '@postern/core'
import { draftView, fakeCall, resolveView, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import virtual from '@postern/route-virtual'
import { Noted } from '../src/noted.ts'

const classes: AddressClasses = {
  classOf: ({ domain }) => ({ kind: 'class', class: domain === 'here.example' ? 'local' : 'default' }),
}
const rewriter: AddressRewriter = {
  standard: (a) => (a.domain === '' ? addressOf(`${a.text}@here.example`) : a),
  within: ({ text }) => (text === 'bare%here.example@here.example' ? addressOf('bare@here.example') : undefined),
}
const map = {
  'sales@shop.example': 'ann, bob@else.example',
  '@old.example': '@new.example',
  'spec+x@shop.example': 'x@far.example',
  'spec@shop.example': 'y@far.example',
  bare: 'z@far.example',
  'self@shop.example': 'self@shop.example',
  'both@shop.example': 'both@shop.example, copy@far.example',
  'bad@shop.example': '()',
  'null@shop.example': '<>',
  'long@shop.example': `${'x'.repeat(40)}@far.example`,
}
const resolve = (recipient: string, options = {}, final = false) =>
  tap(virtual, { virtualAliasMaps: [{ type: 'inline', map }], ...options }, {
    site: { myorigin: 'here.example', recipientDelimiter: '+' },
    needs: { classes, rewriter },
  } as never).resolve(resolveView({ recipient, final }))

const CASES: [recipient: string, to: string[] | undefined][] = [
  ['sales@shop.example', ['ann@here.example', 'bob@else.example']],
  ['u+e@old.example', ['u+e@new.example']],
  ['spec+x@shop.example', ['x@far.example']],
  ['spec+y@shop.example', ['y+y@far.example']],
  ['bare@here.example', ['z@far.example']],
  ['bare+q@here.example', ['z+q@far.example']],
  ['bare@shop.example', undefined],
  ['self@shop.example', undefined],
  ['both@shop.example', ['both@shop.example', 'copy@far.example']],
  ['other@shop.example', undefined],
  ['null@shop.example', ['MAILER-DAEMON@mail.site.example']],
]
for (const [recipient, to] of CASES)
  test(`${recipient} goes to ${to ?? 'where it says'}`, async () => {
    const answer = (await resolve(recipient)) as Expand | undefined
    assert.equal(
      answer?.to.map((a) => a.address),
      to,
    )
  })
test('an address that is too long', async () => {
  const answer = await resolve('long@shop.example', { virtualAliasAddressLengthLimit: 51 })
  assert.is((answer as { esc?: string } | undefined)?.esc, '4.6.0')
  assert.is((await resolve('long@shop.example', { virtualAliasAddressLengthLimit: 52 }))?.kind, 'expand')
})
test('what is final is not expanded again', async () => {
  assert.is(await resolve('both@shop.example', {}, true), undefined)
})
test('extensions that do not go on', async () => {
  const answer = (await resolve('spec+y@shop.example', { propagateUnmatchedExtensions: false })) as Expand
  assert.equal(
    answer.to.map((a) => a.address),
    ['y@far.example'],
  )
})
for (const [title, recipient, options] of [
  ['a result that is no address', 'bad@shop.example', {}],
  ['a table that fails', 'x@shop.example', { virtualAliasMaps: ['hash:/down'] }],
] as const)
  test(`${title} keeps the mail`, async () => {
    assert.is((await resolve(recipient, options))?.kind, 'defer')
  })

test('what stood in the local part of another is not looked up', async () => {
  const t = tap(virtual, { virtualAliasMaps: [{ type: 'inline', map }] }, {
    site: { myorigin: 'here.example', recipientDelimiter: '+' },
    needs: { classes, rewriter },
  } as never)
  const recipient = 'bare@here.example'
  assert.is(await t.resolve(resolveView({ recipient, ancestors: ['bare%here.example@here.example'] })), undefined)
  assert.is((await t.resolve(resolveView({ recipient, ancestors: ['other@here.example'] })))?.kind, 'expand')
})

/** A site that counts what it is asked. */
function counting(answer?: string) {
  const asked: string[] = []
  const t = tap(virtual, { virtualAliasMaps: ['hash:/v' as never] }, {
    site: { myorigin: 'here.example', recipientDelimiter: '+' },
    needs: { classes, rewriter },
    tables: {
      'hash:/v': (key: string) => {
        asked.push(key)
        return answer !== undefined && key === 'a@x.example' ? found(answer) : absent()
      },
    },
    resolve: () => ({ kind: 'routes', routes: [], failures: [] }),
  } as never)
  return { t, asked }
}
const draft = (...recipients: string[]) =>
  draftView({ id: 'M1', recipients: recipients.map((address) => ({ address })) })
const view = (recipient: string, messageId = 'M1') => resolveView({ recipient, messageId })

test('what cleanup has looked up is not looked up again', async () => {
  const { t, asked } = counting('b@y.example')
  await t.cleanup(draft('a@x.example', 'c@x.example'))
  assert.equal(asked, ['a@x.example', 'c@x.example', '@x.example'])
  const answer = (await t.resolve(view('a@x.example'))) as Expand
  assert.equal(answer.to, [{ address: 'b@y.example' }])
  assert.is(await t.resolve(view('c@x.example')), undefined)
  assert.is(asked.length, 3)
})
test('the next attempt asks again, and so does another message', async () => {
  const { t, asked } = counting()
  await t.cleanup(draft('c@x.example'))
  await t.resolve(view('c@x.example', 'M2'))
  assert.is(asked.length, 4)
  await t.resolve(view('c@x.example'))
  assert.is(asked.length, 4)
  await t.resolve(view('c@x.example'))
  assert.is(asked.length, 6)
})
test('explain leaves nothing behind', async () => {
  const { t, asked } = counting()
  await t.cleanup(draft('c@x.example'), fakeCall({ dry: true }))
  await t.resolve(view('c@x.example'))
  assert.is(asked.length, 4)
})
test('what is noted has a limit: the oldest goes', () => {
  const noted = new Noted()
  for (let i = 0; i < 30; i++)
    noted.put(`M${i}`, new Map(Array.from({ length: 1000 }, (_, n) => [`u${n}@x.example`, undefined])))
  assert.is(noted.size, 10_000)
  assert.is(noted.take('M19', 'u1@x.example'), undefined)
  assert.equal(noted.take('M29', 'u1@x.example'), { found: undefined })
  assert.is(noted.take('M29', 'u1@x.example'), undefined)
  assert.is(noted.size, 9_999)
})
test('noAddressMappings: what comes in is marked, and is not redirected', async () => {
  const plugin = (options = {}) =>
    tap(virtual, { virtualAliasMaps: [{ type: 'inline', map }], ...options }, {
      site: { myorigin: 'here.example', recipientDelimiter: '+' },
      needs: { classes, rewriter },
    } as never)
  const answer = (await plugin({ noAddressMappings: true }).cleanup(draftView({}))) as {
    edits: readonly { kind: string; mark: string; value: unknown }[]
  }
  const [edit] = answer.edits
  assert.equal([edit!.kind, edit!.value], ['mark.set', true])
  const marks = { get: (token: { id: string }) => (token.id === edit!.mark ? edit!.value : undefined) }
  const view = { ...resolveView({ recipient: 'sales@shop.example' }), marks }
  assert.is(await plugin().resolve(view as never), undefined)
})
test.run()
