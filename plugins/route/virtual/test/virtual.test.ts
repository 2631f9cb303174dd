import { addressOf } from '@postern/core'
import type { AddressClasses, AddressRewriter, Expand } from '@postern/core'
import { resolveView, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import virtual from '@postern/route-virtual'

const classes: AddressClasses = {
  classOf: ({ domain }) => ({ kind: 'class', class: domain === 'here.example' ? 'local' : 'default' }),
}
const rewriter: AddressRewriter = {
  standard: (a) => (a.domain === '' ? addressOf(`${a.text}@here.example`) : a),
  within: () => undefined,
}
const map = {
  'sales@shop.example': 'ann, bob@else.example',
  '@old.example': '@new.example',
  'spec+x@shop.example': 'x@far.example',
  'spec@shop.example': 'y@far.example',
  bare: 'z@far.example',
  'self@shop.example': 'self@shop.example',
  'both@shop.example': 'both@shop.example, copy@far.example',
  'bad@shop.example': '<>',
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
]
for (const [recipient, to] of CASES)
  test(`${recipient} goes to ${to ?? 'where it says'}`, async () => {
    const answer = (await resolve(recipient)) as Expand | undefined
    assert.equal(
      answer?.to.map((a) => a.address),
      to,
    )
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
test.run()
