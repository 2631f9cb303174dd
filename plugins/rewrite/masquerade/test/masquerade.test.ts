import type { Edits, EnvelopeEdit, HeaderEdit } from '@postern/core'
import { draftView, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import plugin from '@postern/rewrite-masquerade'

type Options = Parameters<typeof plugin>[0]
const OPTIONS: Options = { masqueradeDomains: ['!keep.corp.example', 'Corp.example'], masqueradeExceptions: ['root'] }

const SENDERS: [from: string, to: string | undefined][] = [
  ['joe@host.corp.example', 'joe@corp.example'],
  ['joe@a.b.corp.example', 'joe@corp.example'],
  ['Joe@HOST.Corp.Example', 'Joe@corp.example'],
  ['joe@corp.example', undefined],
  ['joe@keep.corp.example', undefined],
  ['joe@a.keep.corp.example', undefined],
  ['joe@notcorp.example', undefined],
  ['root@host.corp.example', undefined],
  ['ROOT@host.corp.example', undefined],
  ['"a b"@host.corp.example', '"a b"@corp.example'],
  ['', undefined],
]
for (const [from, to] of SENDERS)
  test(`${from || 'the null sender'} ${to ? `is ${to}` : 'stays'}`, async () => {
    const draft = draftView({ sender: from, header: 'Subject: x\n', recipients: [] })
    const answer = (await tap(plugin, OPTIONS).cleanup(draft)) as Edits<EnvelopeEdit> | undefined
    assert.equal(answer?.edits[0], to && { kind: 'sender.set', address: to })
  })
const CLASSES: [title: string, options: Options, edits: string[]][] = [
  ['by default all but envelope recipients', {}, ['sender.set', 'header.replace From', 'header.replace To']],
  ['envelope recipients only', { masqueradeClasses: ['envelope_recipient'] }, ['recipient.replace']],
  ['headers of senders only', { masqueradeClasses: ['header_sender'] }, ['header.replace From']],
]
for (const [title, options, edits] of CLASSES)
  test(title, async () => {
    const draft = draftView({
      sender: 's@a.corp.example',
      recipients: ['r@b.corp.example'],
      header: 'From: S <s@a.corp.example>\nTo: r@b.corp.example, x@corp.example\nCc: y@z.example\n',
    })
    const answer = (await tap(plugin, { ...OPTIONS, ...options }).cleanup(draft)) as Edits<EnvelopeEdit | HeaderEdit>
    assert.equal(
      answer.edits.map((e) => ('name' in e ? `${e.kind} ${e.name}` : e.kind)),
      edits,
    )
  })
test('domains that are none are told by their ends, too', async () => {
  const draft = draftView({
    sender: '',
    recipients: [],
    header: 'From: a@b@x_.corp.example, corp.example, c@.corp.example\n',
  })
  const { edits } = (await tap(plugin, OPTIONS).cleanup(draft)) as Edits<HeaderEdit>
  assert.is((edits[0] as { value: string }).value, '"a@b"@corp.example, corp.example, c@corp.example')
})
test.run()
