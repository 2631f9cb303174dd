import * as fs from 'node:fs'
import * as os from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BodyDamaged } from '@postern/core'
import { bodyOf, callOf, jobOf, open, recipient } from './fakes.ts'

let dir: string
test.before.each(() => void (dir = fs.mkdtempSync(join(os.tmpdir(), 'maildir-'))))
test.after.each(() => fs.rmSync(dir, { recursive: true, force: true }))

const files = (...path: string[]): string[] => fs.readdirSync(join(dir, ...path)).sort()
const only = (...path: string[]): string => {
  const names = files(...path)
  assert.is(names.length, 1, `one file in ${path.join('/')}`)
  return fs.readFileSync(join(dir, ...path, names[0]!), 'latin1')
}
const DONE = { kind: 'delivered', esc: '2.0.0', text: 'delivered to maildir' }

test('a small message, byte for byte', async () => {
  const o = open({ mailboxBase: dir })
  assert.is(o.name, 'maildir')
  const job = jobOf([recipient(0, 'Rich+list@VM.example', 'info@va.example')], {
    header: 'Received: from x\r\n\tby y\r\nSubject: hello\r\n',
    body: bodyOf('one\r\n\r\n.dot\r\nlone \r and \n stay\r\nFrom here\r\n'),
  })
  assert.equal(await o.deliver(job), [DONE])
  assert.is(
    only('vm.example', 'rich', 'new'),
    'Return-Path: <a@b.example>\nX-Original-To: info@va.example\nDelivered-To: Rich+list@VM.example\n' +
      'Received: from x\n\tby y\nSubject: hello\n\none\n\n.dot\nlone \r and \n stay\nFrom here\n',
  )
  assert.equal([files('vm.example', 'rich'), files('vm.example', 'rich', 'tmp')], [['cur', 'new', 'tmp'], []])
  const name = files('vm.example', 'rich', 'new')[0]!
  const s = fs.statSync(join(dir, 'vm.example', 'rich', 'new', name), { bigint: true })
  const m = /^(\d{10})\.V([0-9a-f]+)I([0-9a-f]+)M(\d{1,6})\.(.+)$/.exec(name)!
  assert.equal([m[2], m[3], m[5]], [s.dev.toString(16), s.ino.toString(16), os.hostname()])
  assert.is(Number(s.mode) & 0o777, 0o600)
  for (const d of ['vm.example', 'vm.example/rich', 'vm.example/rich/new', 'vm.example/rich/cur']) {
    assert.is(fs.statSync(join(dir, d)).mode & 0o777, 0o700, d)
  }
  await o.stop()
})

const contents: [
  string,
  { header?: string; body: ReturnType<typeof bodyOf>; sender?: string; address?: string },
  string,
][] = [
  [
    'null sender',
    { body: bodyOf('x\r\n'), sender: '' },
    'Return-Path: <>\nX-Original-To: u@d.example\nDelivered-To: u@d.example\nSubject: hello\n\nx\n',
  ],
  [
    'unfinished last line',
    { body: bodyOf('x') },
    'Return-Path: <a@b.example>\nX-Original-To: u@d.example\nDelivered-To: u@d.example\nSubject: hello\n\nx\n',
  ],
  [
    'no body',
    { body: bodyOf('') },
    'Return-Path: <a@b.example>\nX-Original-To: u@d.example\nDelivered-To: u@d.example\nSubject: hello\n\n',
  ],
  [
    'CR at the end',
    { body: bodyOf('x\r') },
    'Return-Path: <a@b.example>\nX-Original-To: u@d.example\nDelivered-To: u@d.example\nSubject: hello\n\nx\r\n',
  ],
  [
    'quoted local part, and a line end in a sender',
    { body: bodyOf('x\r\n'), sender: '"a\r\nX: y"@b.example', address: '"a b"@d.example' },
    'Return-Path: <"\\"a??X: y\\"@b.example">\nX-Original-To: "a b"@d.example\nDelivered-To: "a b"@d.example\nSubject: hello\n\nx\n',
  ],
]
for (const [title, { address = 'u@d.example', ...more }, expected] of contents) {
  test(`content: ${title}`, async () => {
    const o = open({ mailboxBase: dir, mailboxPath: 'box/' })
    assert.equal(await o.deliver(jobOf([recipient(0, address)], more)), [DONE])
    assert.is(only('box', 'new'), expected)
    await o.stop()
  })
}

test('8-bit bytes and a large streamed body are kept, whatever the pieces', async () => {
  const wild = Buffer.alloc(300_000)
  for (let i = 0, x = 1; i < wild.length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0
    wild[i] = [13, 10, 65, 200, 13, 13, 10, 0][(x >>> 16) % 8]!
  }
  const expected = Buffer.from(wild.toString('latin1').replace(/\r\n/g, '\n'), 'latin1')
  const ended = expected[expected.length - 1] === 10 ? expected : Buffer.concat([expected, Buffer.from('\n')])
  for (const [inMemory, chunk, size] of [
    [false, 65536, 300_000],
    [false, 4097, 300_000],
    [true, 1, 300_000],
    [false, 1, 3000],
  ] as const) {
    const o = open({ mailboxBase: dir, mailboxPath: '%u/' })
    const box = `u${chunk}${size}`
    assert.equal(
      await o.deliver(
        jobOf([recipient(0, `${box}@d.example`)], { body: bodyOf(wild.subarray(0, size), inMemory, chunk) }),
      ),
      [DONE],
    )
    const text = only(box, 'new')
    const body = Buffer.from(text.slice(text.indexOf('\n\n') + 2), 'latin1')
    if (size === 300_000) assert.ok(body.equals(ended), `chunk ${chunk}`)
    else
      assert.is(
        body.toString('latin1').replace(/\n$/, ''),
        wild.subarray(0, size).toString('latin1').replace(/\r\n/g, '\n').replace(/\n$/, ''),
      )
    await o.stop()
  }
})

test('each recipient has a file of its own; one that fails does not stop the others', async () => {
  const o = open({ mailboxBase: dir })
  fs.mkdirSync(join(dir, 'd.example'))
  fs.writeFileSync(join(dir, 'd.example', 'two'), 'a file')
  const result = await o.deliver(
    jobOf([recipient(0, 'one@d.example'), recipient(1, 'two@d.example'), recipient(2, 'three@d.example')]),
  )
  assert.equal(
    result.map((r) => r.kind),
    ['delivered', 'deferred', 'delivered'],
  )
  assert.is((result[1] as { esc: string }).esc, '4.2.0')
  assert.match(
    (result[1] as { text: string }).text,
    /^maildir delivery failed: open .*\/d\.example\/two: Not a directory$/,
  )
  assert.match(only('d.example', 'three', 'new'), /Delivered-To: three@d\.example/)
  await o.stop()
})

test('50 at a time into one box: all are there, all under names of their own', async () => {
  const o = open({ mailboxBase: dir })
  await Promise.all(Array.from({ length: 50 }, (_, i) => o.deliver(jobOf([recipient(i, 'u@d.example')]))))
  assert.is(files('d.example', 'u', 'new').length, 50)
  assert.is(files('d.example', 'u', 'tmp').length, 0)
  await o.stop()
})

const loops: [string, string, boolean][] = [
  ['the same address', 'Delivered-To: u@d.example\r\nSubject: x\r\n', true],
  ['in another case, further down', 'Subject: x\r\ndelivered-TO:\tU@D.Example  \r\n', true],
  ['another address', 'Delivered-To: v@d.example\r\n', false],
  ['in a continuation line', 'Subject: x\r\n Delivered-To: u@d.example\r\n', false],
]
for (const [title, header, loop] of loops) {
  test(`forwarding loop: ${title}`, async () => {
    const o = open({ mailboxBase: dir })
    const [result] = await o.deliver(jobOf([recipient(0, 'u@d.example')], { header }))
    assert.equal(result, loop ? { kind: 'failed', esc: '5.4.6', text: 'mail forwarding loop for u@d.example' } : DONE)
    await o.stop()
  })
}

const sizes: [string, number, number, boolean][] = [
  ['small, fits', 200, 200, true],
  ['small, one byte over', 200, 199, false],
  ['large, over', 400_000, 300_000, false],
  ['no limit', 400_000, 0, true],
]
for (const [title, length, virtualMailboxLimit, fits] of sizes) {
  test(`virtualMailboxLimit: ${title}`, async () => {
    const o = open({ mailboxBase: dir, virtualMailboxLimit }, {}, { messageSizeLimit: 0 })
    const above =
      'Return-Path: <a@b.example>\nX-Original-To: u@d.example\nDelivered-To: u@d.example\nSubject: hello\n\n'
    const body = bodyOf('x'.repeat(length - above.length - 1) + '\r\n', false)
    const [result] = await o.deliver(jobOf([recipient(0, 'u@d.example')], { body }))
    const full = {
      kind: 'failed',
      esc: '5.2.2',
      text: 'maildir delivery failed: error writing message: File too large',
      diagnostic: 'x-unix; input/output error',
    }
    assert.equal(result, fits ? DONE : full)
    assert.equal([files('d.example', 'u', 'new').length, files('d.example', 'u', 'tmp').length], [fits ? 1 : 0, 0])
    await o.stop()
  })
}
test('a limit below messageSizeLimit stops the start', () => {
  assert.throws(() => open({ mailboxBase: dir, virtualMailboxLimit: '1M' }), /smaller than messageSizeLimit/)
})

for (const size of [1000, 400_000]) {
  test(`a damaged body of ${size} bytes never gets into new`, async () => {
    const o = open({ mailboxBase: dir })
    const damaged = {
      size,
      async *stream() {
        yield Buffer.alloc(size, 'x')
        throw new BodyDamaged('checksum')
      },
    }
    const short = { size: size + 1, stream: bodyOf('x'.repeat(size)).stream }
    for (const body of [damaged, short]) {
      const [result] = await o.deliver(jobOf([recipient(0, 'u@d.example')], { body }))
      assert.is(result!.kind, 'threw')
      assert.is((result as { error: unknown }).error instanceof BodyDamaged, body === damaged)
      assert.equal([files('d.example', 'u', 'new'), files('d.example', 'u', 'tmp')], [[], []])
    }
    await o.stop()
  })
}

test('an aborted call leaves nothing', async () => {
  const o = open({ mailboxBase: dir })
  const [result] = await o.deliver(
    jobOf([recipient(0, 'u@d.example')], { body: bodyOf('x'.repeat(400_000), false) }),
    callOf(false, AbortSignal.abort()),
  )
  assert.is(result!.kind, 'threw')
  assert.equal([files('d.example', 'u', 'new'), files('d.example', 'u', 'tmp')], [[], []])
  await o.stop()
})

test('a dry call writes nothing', async () => {
  const o = open({ mailboxBase: dir })
  assert.equal(await o.deliver(jobOf([recipient(0, 'u@d.example')]), callOf(true)), [
    { kind: 'delivered', esc: '2.0.0', text: 'delivers to maildir' },
  ])
  assert.equal(files(), [])
  await o.stop()
})

test('a maildir that is moved under a running server is made anew at the next look', async () => {
  let now = 0
  const o = open({ mailboxBase: dir }, {}, {}, { now: () => now, after: () => ({ cancel: () => undefined }) })
  const send = () => o.deliver(jobOf([recipient(0, 'u@d.example')]))
  await send()
  fs.renameSync(join(dir, 'd.example', 'u'), join(dir, 'd.example', 'old'))
  now = 1000
  assert.equal(await send(), [DONE])
  assert.equal([files('d.example', 'u', 'new').length, files('d.example', 'old', 'new').length], [1, 1])
  await o.stop()
})
test('a maildir that is removed under a running server is made anew', async () => {
  const o = open({ mailboxBase: dir })
  const send = () => o.deliver(jobOf([recipient(0, 'u@d.example')]))
  await send()
  fs.rmSync(join(dir, 'd.example'), { recursive: true })
  assert.equal(await send(), [DONE])
  assert.is(files('d.example', 'u', 'new').length, 1)
  await o.stop()
})

for (const name of ['tmp', 'new', '']) {
  test(`a symbolic link below the base is not followed: u/${name}`, async () => {
    const away = join(dir, 'away')
    fs.mkdirSync(away)
    fs.mkdirSync(join(dir, 'base', 'd.example', name ? 'u' : ''), { recursive: true })
    fs.symlinkSync(away, join(dir, 'base', 'd.example', 'u', name).replace(/\/$/, ''))
    const o = open({ mailboxBase: join(dir, 'base') })
    const [result] = await o.deliver(jobOf([recipient(0, 'u@d.example')]))
    assert.is(result!.kind, 'deferred')
    assert.equal(files('away'), [])
    await o.stop()
  })
}
test('the base may be a symbolic link, and is made when missing', async () => {
  fs.mkdirSync(join(dir, 'real'))
  fs.symlinkSync(join(dir, 'real'), join(dir, 'link'))
  for (const base of ['link', 'a/b/c']) {
    const o = open({ mailboxBase: join(dir, base) })
    assert.equal(await o.deliver(jobOf([recipient(0, 'u@d.example')])), [DONE])
    await o.stop()
  }
  assert.is(files('real', 'd.example', 'u', 'new').length, 1)
  assert.is(files('a', 'b', 'c', 'd.example', 'u', 'new').length, 1)
})

test.run()
