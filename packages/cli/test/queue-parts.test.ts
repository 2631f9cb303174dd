/** The parts of the queue's commands that need no daemon: selecting, buckets, tar, lines. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { spawnSync } from 'node:child_process'
import type { QueueEntry } from '@postern/core'
import { seedsOf } from '../src/queue/archive/pair.ts'
import { TAR_END, readTar, tarHeader, tarPadding } from '../src/queue/archive/tar.ts'
import { splitContent } from '../src/queue/content.ts'
import { selector } from '../src/queue/query.ts'
import type { QueueQuery } from '../src/queue/query.ts'
import { Shape } from '../src/queue/shape.ts'
import { progressLine } from '../src/text/progress.ts'

const NOW = 1_800_000_000_000
const MINUTE = 60_000
const entry = (m: Partial<QueueEntry> & { sender?: string; created?: number; to?: string[] }): QueueEntry => ({
  id: 'ID1',
  attempts: 0,
  nextTry: 0,
  size: 100,
  envelope: {
    sender: m.sender ?? 'Me@Here.example',
    origin: { kind: 'submit', by: 'test' },
    created: m.created ?? NOW - 60 * MINUTE,
    smtputf8: false,
    marks: {},
    reason: '',
  },
  recipients: (m.to ?? ['You@Sub.There.example', 'other@else.example']).map((address, n) => ({
    n,
    address,
    original: address,
    state: n === 2 ? 'delivered' : 'pending',
  })),
  ...m,
})
const held = { by: 'root', reason: '', at: 0 }
const ALL = ['a@one.example', 'b@two.example', 'done@three.example']

const selecting = suite('selecting')
const cases: [string, QueueQuery, Parameters<typeof entry>[0], boolean][] = [
  ['nothing asked', {}, {}, true],
  ['sender, without case', { sender: 'me@here.EXAMPLE' }, {}, true],
  ['another sender', { sender: 'you@here.example' }, {}, false],
  ["sender's domain", { sender: '@here.example' }, {}, true],
  ['not the domain above', { sender: '@example' }, {}, false],
  ['null sender', { sender: '<>' }, { sender: '' }, true],
  ['null sender is not everybody', { sender: '<>' }, {}, false],
  ['domain of one recipient', { domain: 'else.example' }, {}, true],
  ['a domain is not what ends with it', { domain: 'there.example' }, {}, false],
  ['below a domain', { domain: '.there.example' }, {}, true],
  ['below a domain is not the domain', { domain: '.else.example' }, {}, false],
  ['recipient', { recipient: 'you@sub.there.example' }, {}, true],
  ["recipient's domain", { recipient: '@sub.there.example' }, {}, true],
  ['what was delivered is not waited for', { domain: 'three.example' }, { to: ALL }, false],
  ['old enough to the ms', { older: 60 * MINUTE }, {}, true],
  ['not old enough', { older: 60 * MINUTE + 1 }, {}, false],
  ['young enough to the ms', { newer: 60 * MINUTE }, {}, true],
  ['too old', { newer: 60 * MINUTE - 1 }, {}, false],
  ['active', { states: ['active'] }, { nextTry: NOW }, true],
  ['deferred is not active', { states: ['active'] }, { nextTry: NOW + 1 }, false],
  ['deferred', { states: ['deferred'] }, { nextTry: NOW + 1 }, true],
  ['held before all else', { states: ['deferred', 'active'] }, { nextTry: NOW + 1, held }, false],
  ['held', { states: ['held'] }, { held }, true],
  ['one of two states', { states: ['held', 'active'] }, {}, true],
  ['ids', { ids: ['ID0', 'ID1'] }, {}, true],
  ['other ids', { ids: ['ID0'] }, {}, false],
  ['all of it must hold', { sender: 'me@here.example', older: 61 * MINUTE }, {}, false],
]
for (const [name, query, message, wanted] of cases)
  selecting(name, () => {
    const m = entry(message)
    const { filter, matches } = selector(query, NOW)
    const { before = Infinity, after = -Infinity } = filter
    const kept = m.envelope.created < before && m.envelope.created > after
    const facts = kept && (filter.held === undefined || filter.held === (m.held !== undefined))
    assert.is(facts && matches(m), wanted)
    // what a store need not look at is never more than what the match leaves out
    if (wanted) assert.ok(facts)
    assert.is(matches(m), wanted)
  })
selecting.run()

const shaping = suite('shape')
for (const [minutes, bucket] of [
  [0, 1],
  [4.999, 1],
  [5, 2],
  [9.999, 2],
  [10, 3],
  [20, 4],
  [1279.9, 9],
  [1280, 10],
  [1_000_000, 10],
  [-1, 1],
] as const)
  shaping(`${minutes} minutes`, () => {
    const shape = new Shape(NOW)
    shape.count(entry({ created: NOW - minutes * MINUTE, to: ['a@x.example'] }), 'recipient')
    const { counts } = shape.rows()[0]!
    assert.equal(counts.length, 11)
    assert.equal([counts[0], counts.indexOf(1, 1)], [1, bucket])
  })
shaping('recipients count each, a message once; sums of two processes', () => {
  const shape = new Shape(NOW)
  shape.count(entry({ to: ['a@x.example', 'b@X.example', 'done@x.example'] }), 'recipient')
  shape.add({ domain: 'y.example', counts: [3, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0] })
  shape.add({ domain: 'x.example', counts: [2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0] })
  assert.equal(
    shape.rows().map((r) => [r.domain, r.counts[0]]),
    [
      ['x.example', 4],
      ['y.example', 3],
    ],
  )
  assert.is(shape.total().counts[0], 7)
  const senders = new Shape(NOW)
  senders.count(entry({ sender: '' }), 'sender')
  senders.count(entry({}), 'sender')
  assert.equal(
    senders.rows().map((r) => [r.domain, r.counts[0]]),
    [
      ['MAILER-DAEMON', 1],
      ['here.example', 1],
    ],
  )
})
shaping.run()

const tar = suite('tar')
const archive = (files: Record<string, string>) =>
  Buffer.concat([
    ...Object.entries(files).flatMap(([name, text]) => [
      tarHeader(name, text.length, NOW),
      Buffer.from(text),
      tarPadding(text.length),
    ]),
    TAR_END,
  ])
async function* pieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const read = async (bytes: Buffer, size = 100) => {
  const files: Record<string, string> = {}
  for await (const { name, content } of readTar(pieces(bytes, size))) files[name] = content.toString()
  return files
}
const FILES = { 'a.eml': 'x'.repeat(512), 'b.json': '{}', 'c.eml': '' }
for (const size of [1, 511, 512, 5000])
  tar(`what was written is read, in pieces of ${size}`, async () =>
    assert.equal(await read(archive(FILES), size), FILES),
  )
tar("the system's tar reads it", () => {
  const listed = spawnSync('tar', ['tvf', '-'], { input: archive(FILES), encoding: 'utf8' })
  assert.is(listed.stderr, '')
  assert.match(listed.stdout, /^-rw------- 0\/0 +512 2027-01-15 .* a\.eml\n.* b\.json\n.* c\.eml\n$/)
})
for (const [name, bytes, problem] of [
  ['cut in a file', archive(FILES).subarray(0, 600), /cut off/],
  ['cut between files', archive(FILES).subarray(0, 1024), /cut off/],
  ['empty', Buffer.alloc(0), /cut off/],
  ['no tar', Buffer.alloc(2000, 'x'), /is not a tar archive/],
  ['a bit flipped', Buffer.from(archive(FILES).map((b, i) => (i === 3 ? b ^ 1 : b))), /is damaged/],
] as const)
  tar(name, async () => {
    const error = await read(bytes).then(
      () => undefined,
      (e: Error) => e,
    )
    assert.match(error?.message ?? '', problem)
  })
tar.run()

const content = suite('content')
for (const [name, text, header, body] of [
  ['as it was', 'A: b\r\n\r\nhi\r\n', 'A: b\r\n', 'hi\r\n'],
  ['an empty body', 'A: b\r\n\r\n', 'A: b\r\n', ''],
  ['a header alone', 'A: b\r\n', 'A: b\r\n', ''],
  ['no header', '\r\nhi\r\n', '', 'hi\r\n'],
  ["an editor's lines", 'A: b\n\nhi', 'A: b\r\n', 'hi\r\n'],
  ['nothing', '', '', ''],
  ['a bare LF in a body that came so', 'A: b\r\n\r\nx\ny\r\n', 'A: b\r\n', 'x\ny\r\n'],
] as const)
  content(name, () => {
    const split = splitContent(Buffer.from(text))
    assert.equal([split.header.toString(), split.body.toString()], [header, body])
  })
content('who is still to be tried; an alias that leads to itself is not followed again', () => {
  const seeds = seedsOf([
    { n: 0, address: 'list@a', original: 'list@a', state: 'expanded' },
    { n: 1, address: 'done@a', original: 'list@a', parent: 0, state: 'delivered', esc: '2.0.0', text: 'ok' },
    { n: 2, address: 'LIST@a', original: 'list@a', parent: 0, state: 'pending', esc: '4.0.0', text: 'no' },
    { n: 3, address: 'other@a', original: 'list@a', parent: 0, state: 'pending', notify: ['NEVER'] },
  ])
  assert.equal(JSON.parse(JSON.stringify(seeds)), [
    { address: 'LIST@a', original: 'list@a', final: true },
    { address: 'other@a', original: 'list@a', notify: ['NEVER'] },
  ])
})
content('progress', () => {
  assert.is(progressLine('export', 5, undefined, 100), 'export 5')
  assert.is(progressLine('delete', 50, 200, 1000), `delete [${'#'.repeat(8)}${'.'.repeat(22)}] 25% of 200, 3s left`)
  assert.is(progressLine('delete', 200, 200, 1000), `delete [${'#'.repeat(30)}] 100% of 200`)
})
content.run()
