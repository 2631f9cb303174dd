/** A recipient that is named twice with the same wishes is one in the queue (Postfix's duplicate filter of cleanup). */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deferred, edits, envelope } from '@postern/core'
import type { Answer, RcptParameters } from '@postern/core'
import { settle } from '../support/clock.ts'
import { address, world } from '../support/world.ts'

type Named = string | readonly [address: string, parameters: RcptParameters]
const [a, b] = ['a@d.example', 'b@d.example']
const NEVER: RcptParameters = { notify: ['NEVER'] }
const BOTH: RcptParameters = { notify: ['SUCCESS', 'FAILURE'] }
const orcpt = (of: string): RcptParameters => ({ orcpt: `rfc822;${of}` })

/** name, who is named at RCPT, who is in the queue, what cleanup does */
const CASES: [name: string, named: Named[], queued: string[], cleanup?: () => Answer<'cleanup'>][] = [
  ['one', [a], [a]],
  ['two', [a, b], [a, b]],
  ['one twice', [a, a], [a]],
  ['the first place counts', [a, b, a, b, a], [a, b]],
  ['another case of the domain', [a, 'a@D.Example'], [a]],
  ['another case of the local part, as it was first spelt', ['A@d.example', a], ['A@d.example']],
  ['another mailbox with an extension', [a, 'a+x@d.example'], [a, 'a+x@d.example']],
  [
    'the same wishes',
    [
      [a, NEVER],
      [a, NEVER],
    ],
    [a],
  ],
  ['one has wishes', [a, [a, NEVER]], [a, a]],
  [
    'other wishes',
    [
      [a, BOTH],
      [a, NEVER],
    ],
    [a, a],
  ],
  [
    'the same original recipient',
    [
      [a, orcpt('x@y.example')],
      [a, orcpt('X@y.example')],
    ],
    [a],
  ],
  [
    'other original recipients',
    [
      [a, orcpt('x@y.example')],
      [a, orcpt('z@y.example')],
    ],
    [a, a],
  ],
  ['added, and there', [a], [a], () => edits([envelope.addRecipient(a)])],
  ['added, and not there', [a], [a, b], () => edits([envelope.addRecipient(b)])],
  ['a blind copy wants to hear nothing', [a], [a, a], () => edits([envelope.bcc(a)])],
  ['added twice', [a], [a, b], () => edits([envelope.addRecipient(b), envelope.addRecipient('B@d.example')])],
  ['one is taken away and added', [a, b], [b, a], () => edits([envelope.removeRecipient(a), envelope.addRecipient(a)])],
  [
    'one leads elsewhere, and is added',
    [a],
    [b, a],
    () => edits([envelope.replaceRecipient(a, b), envelope.addRecipient(a)]),
  ],
  ['two were sent to, and one is left of them', [a, b], [b, b], () => edits([envelope.replaceRecipient(a, b)])],
]
for (const [name, named, queued, cleanup] of CASES)
  test(`named: ${name}`, async () => {
    const w = await world((m) => void (cleanup && m.cleanup.tap({ body: 'headers' }, cleanup)), {
      outcome: () => deferred('4.2.0', 'not now'),
    })
    await w.hello()
    for (const one of named) {
      const [to, parameters] = typeof one === 'string' ? [one, {}] : one
      assert.is(await w.session.rcpt(address(to), parameters), undefined)
    }
    await w.session.data()
    const content = w.session.content()
    await content.write(Buffer.from('Subject: hi\r\n\r\nbody\r\n'))
    assert.is((await content.end()).code, 250)
    await settle()
    assert.equal(
      [...w.store.messages.values()].map((m) => m.recipients.map((r) => r.address)),
      [queued],
    )
    await w.stop()
  })

test.run()
