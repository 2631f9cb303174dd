import * as fs from 'node:fs'
import * as os from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, failed, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { jobOf, open, recipient } from './fakes.ts'

let dir: string
test.before.each(() => void (dir = fs.mkdtempSync(join(os.tmpdir(), 'maildir-'))))
test.after.each(() => fs.rmSync(dir, { recursive: true, force: true }))

const folders = (): string[] =>
  (fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }) as string[])
    .filter((p) => p.endsWith('/new'))
    .map((p) => p.slice(0, -4))
const table = (entries: Record<string, string>) => (key: string) => (key in entries ? found(entries[key]!) : absent())
const deliver = async (options: object, address: string, tables: Record<string, (key: string) => Lookup> = {}) => {
  const o = open({ mailboxBase: dir, ...options }, tables)
  const [result] = await o.deliver(jobOf([recipient(0, address)]))
  await o.stop()
  return result!
}
const unknown = (key: string) => ({ kind: 'failed', esc: '5.1.1', text: `unknown user: "${key}"` })

/** template, address, folder below the base (undefined: there is no such mailbox) */
const templates: [string, string, string | undefined][] = [
  ['%d/%u/', 'Rich+x@VM.example', 'vm.example/rich'],
  ['%s/', 'rich+x@vm.example', 'rich+x@vm.example'],
  ['%d/%u/.%e/', 'rich+List@vm.example', 'vm.example/rich/.list'],
  ['%d/%u/.%e/', 'rich@vm.example', undefined],
  ['%u-%e/', 'rich@vm.example', 'rich-'],
  ['100%%/%u/', 'rich@vm.example', '100%/rich'],
  ['%d/%u/', '"../../etc"@vm.example', undefined],
  ['%d/%u/', '".."@vm.example', undefined],
  ['%d/%u/', '".hidden"@vm.example', undefined],
  ['%d/%u/', '"a/b"@vm.example', undefined],
  ['%d/%u/', '"a\0b"@vm.example', undefined],
  ['%d/%u/', '""@vm.example', undefined],
  ['%s/', '"../x"@vm.example', undefined],
  ['%u/.%e/', '"rich+./../../x"@vm.example', undefined],
  ['%d/%u/', 'rich', undefined],
  ['%d/%u/', `${'a'.repeat(256)}@vm.example`, undefined],
]
for (const [mailboxPath, address, expected] of templates) {
  test(`template ${mailboxPath} ${JSON.stringify(address.slice(0, 40))}`, async () => {
    const result = await deliver({ mailboxPath }, address)
    assert.is(result.kind, expected === undefined ? 'failed' : 'delivered')
    if (result.kind === 'failed') assert.is(result.esc, '5.1.1')
    assert.equal(folders(), expected === undefined ? [] : [expected])
  })
}

const boxes = table({
  'rich@vm.example': 'vm/rich/',
  'rich+box@vm.example': 'vm/rich/.Box/',
  '@catch.example': '/vm/catch/',
  'up@vm.example': 'vm/../../up/',
  'dot@vm.example': './',
})
const config = { kind: 'deferred', esc: '4.3.5', text: 'mail system configuration error' }
const maps: [string, string | object][] = [
  ['RICH@vm.example', 'vm/rich'],
  ['rich+other@vm.example', 'vm/rich'],
  ['rich+box@vm.example', 'vm/rich/.Box'],
  ['any+thing@catch.example', 'vm/catch'],
  ['None@vm.example', unknown('none@vm.example')],
  ['up@vm.example', config],
  ['dot@vm.example', config],
]
for (const [address, expected] of maps) {
  test(`virtualMailboxMaps: ${address}`, async () => {
    const result = await deliver({ virtualMailboxMaps: 'x:boxes' }, address, { boxes })
    if (typeof expected === 'string') return assert.equal([result.kind, folders()], ['delivered', [expected]])
    const { cause: _cause, ...rest } = result as { cause?: unknown }
    assert.equal([rest, folders()], [expected, []])
  })
}

test('a failed lookup defers, and no later key is asked', async () => {
  const asked: string[] = []
  const boxes = (key: string) => (asked.push(key), key.startsWith('@') ? found('catch/') : failed('away'))
  const result = await deliver({ virtualMailboxMaps: 'x:boxes' }, 'u@d.example', { boxes })
  assert.equal([result.kind, (result as { esc: string }).esc, asked], ['deferred', '4.3.0', ['u@d.example']])
  const broken = await deliver({ virtualMailboxMaps: 'x:boxes' }, 'u@d.example', {
    boxes: () => failed('bad', 'misconfigured'),
  })
  assert.equal([broken.kind, (broken as { esc: string }).esc], ['deferred', '4.3.5'])
})

const me = process.getuid!()
const owners: [string, object, Record<string, string>][] = [
  ['below virtualMinimumUid', { uid: 99, gid: 5000 }, {}],
  ['root, however low the minimum', { uid: 0, gid: 5000, virtualMinimumUid: 0 }, {}],
  ['group 0', { uid: 5000, gid: 0 }, {}],
  ['not in the table', { virtualUidMaps: 'x:uid', virtualGidMaps: 'x:gid' }, {}],
  ['not a number', { virtualUidMaps: 'x:uid', virtualGidMaps: 'x:gid' }, { uid: 'joe', gid: '5000' }],
  ['negative', { virtualUidMaps: 'x:uid', virtualGidMaps: 'x:gid' }, { uid: '5000', gid: '-1' }],
]
for (const [title, options, ids] of owners) {
  test(`owner: ${title}: deferred`, async () => {
    const all = (value: string | undefined) => () => (value === undefined ? absent() : found(value))
    const result = await deliver(options, 'u@d.example', { uid: all(ids.uid), gid: all(ids.gid) })
    assert.equal([result.kind, (result as { esc: string }).esc, folders()], ['deferred', '4.3.5', []])
  })
}
test('options that go together', () => {
  assert.throws(() => open({ mailboxBase: dir, uid: 5000 }), /go together/)
  assert.throws(() => open({ mailboxBase: dir, virtualUidMaps: 'x:y' }), /go together/)
  assert.throws(() => open({ mailboxBase: dir, mailboxPath: '%d/%u' }), /slash/)
  assert.throws(() => open({ mailboxBase: dir, mailboxPath: '%h/' }), /placeholders/)
})

if (me === 0) {
  const stat = (...path: string[]) => {
    const s = fs.statSync(join(dir, ...path))
    return [s.uid, s.gid, s.mode & 0o777]
  }
  test('as root: folders and file belong to the owner', async () => {
    fs.chownSync(dir, 5000, 5000)
    const result = await deliver({ virtualUidMaps: 'x:uid', virtualGidMaps: 'x:gid' }, 'u@d.example', {
      uid: () => found('5000'),
      gid: () => found('5001'),
    })
    assert.is(result.kind, 'delivered')
    for (const name of ['tmp', 'new', 'cur', '']) assert.equal(stat('d.example', 'u', name), [5000, 5001, 0o700], name)
    const file = fs.readdirSync(join(dir, 'd.example', 'u', 'new'))[0]!
    assert.equal(stat('d.example', 'u', 'new', file), [5000, 5001, 0o600])
  })
  test('as root: a folder the owner may not write to is not written to', async () => {
    fs.mkdirSync(join(dir, 'd.example', 'u', 'new'), { recursive: true })
    fs.chmodSync(dir, 0o755)
    const result = await deliver({ uid: 5000, gid: 5000 }, 'u@d.example')
    assert.equal([result.kind, (result as { esc: string }).esc], ['deferred', '4.2.0'])
    assert.match((result as { text: string }).text, /Permission denied$/)
    assert.equal(fs.readdirSync(join(dir, 'd.example', 'u')), ['new'])
  })
} else {
  test('not as root: another user is deferred, a folder without permission too', async () => {
    const other = await deliver({ uid: me + 1, gid: process.getgid!() }, 'u@d.example')
    assert.match((other as { text: string }).text, /^cannot deliver as user id/)
    fs.chmodSync(dir, 0o500)
    const denied = await deliver({}, 'u@d.example')
    assert.equal([denied.kind, (denied as { esc: string }).esc], ['deferred', '4.2.0'])
  })
}

test.run()
