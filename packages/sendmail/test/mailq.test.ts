/** The listing, column by column as postqueue -p of Postfix 3.7 prints it with long queue ids. */
import { createServer } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawn } from 'node:child_process'
import type { QueueEntry } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const BIN = join(dirname(fileURLToPath(import.meta.url)), '../bin/sendmail.js')
const CREATED = Date.UTC(2026, 10, 1, 9, 2, 3)
const LATER = Date.now() + 3_600_000
const to = (address: string, text?: string, state = 'pending') => ({ n: 0, address, original: address, state, text })
const row = (id: string, more: object): QueueEntry =>
  ({
    id,
    envelope: { sender: 'me@site.example', created: CREATED },
    recipients: [to('a@x.example')],
    attempts: 1,
    nextTry: LATER,
    size: 717,
    ...more,
  }) as unknown as QueueEntry

const REASON = 'connect to x.example[192.0.2.1]:25: Connection refused'
const LONG = `host x.example[192.0.2.1] said: 450 4.2.0 ${'try later '.repeat(8)}`.trim()
const ROWS = [
  row('1IJT3580D3C00', {
    recipients: [to('a@x.example', REASON), to('gone@x', undefined, 'delivered'), to('b@y', LONG), to('c@x', REASON)],
  }),
  row('1IJT3580D3C01', { nextTry: 0, envelope: { sender: '', created: CREATED } }),
  row('1IJT3580D3C02', { held: { by: 'op', reason: 'r', at: 0 }, recipients: [to('a\x1b2J@x')] }),
  row('1IJT3580D3C03', { expired: true, size: 12_345_678 }),
]
const PRINTED = `----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------
1IJT3580D3C00          717 Sun Nov  1 09:02:03 me@site.example
                      (${REASON})
                                               c@x
                                               a@x.example
(${LONG})
                                               b@y

1IJT3580D3C01*         717 Sun Nov  1 09:02:03 MAILER-DAEMON
                                               a@x.example

1IJT3580D3C02!         717 Sun Nov  1 09:02:03 me@site.example
                                               "a?2J"@x

1IJT3580D3C03#    12345678 Sun Nov  1 09:02:03 me@site.example
                                               a@x.example

-- 12058 Kbytes in 4 Requests.
`

interface Spoken {
  out: string
  err: string
  exit: number | null
  asked: { verb: string; arguments: object }[]
}
/** A daemon that answers `rows` to a listing and `refusal` to the rest, on the socket of this name. */
async function against(name: string, args: string[], rows: QueueEntry[], refusal?: string): Promise<Spoken> {
  const spool = mkdtempSync(join(tmpdir(), 'postern-mailq-'))
  const asked: Spoken['asked'] = []
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      const request = JSON.parse(bytes.toString()) as Spoken['asked'][number]
      asked.push(request)
      if (request.verb === 'queue.list') for (const r of rows) socket.write(JSON.stringify({ row: r }) + '\n')
      const no = { ok: false, error: { text: refusal, exit: 69 } }
      socket.write(JSON.stringify(refusal === undefined ? { ok: true, result: {} } : no) + '\n')
    })
  })
  await new Promise<void>((done) => server.listen(join(spool, name), done))
  try {
    return await new Promise((done) => {
      const child = spawn(process.execPath, [BIN, ...args], { env: { POSTERN_SPOOL: spool, TZ: 'UTC' } })
      let out = ''
      let err = ''
      child.stdout.on('data', (d: Buffer) => (out += d.toString()))
      child.stderr.on('data', (d: Buffer) => (err += d.toString()))
      child.on('close', (exit) => done({ out, err, exit, asked }))
    })
  } finally {
    await new Promise<void>((done) => server.close(() => done()))
    rmSync(spool, { recursive: true })
  }
}

const test = suite('mailq')
for (const socket of ['control.public', 'control', 'control.sock'])
  test(`all that a listing has, by ${socket}`, async () => {
    const { out, exit } = await against(socket, ['-bp'], ROWS)
    assert.is(out, PRINTED)
    assert.is(exit, 0)
  })
test('one request, and none', async () => {
  assert.match((await against('control.public', ['-bp'], [ROWS[1]!])).out, /\n-- 0 Kbytes in 1 Request\.\n$/)
  assert.is((await against('control.public', ['-bp'], [])).out, 'Mail queue is empty\n')
})
test('-qR asks for that site alone', async () => {
  const { asked, exit } = await against('control.public', ['-qR@X.example'], ROWS)
  assert.is(exit, 0)
  assert.equal(asked, [{ verb: 'queue.flush', arguments: { site: 'x.example' } }])
})
test('-q and -qI', async () => {
  assert.equal((await against('control.public', ['-q'], [])).asked, [{ verb: 'queue.flush', arguments: {} }])
  const { asked } = await against('control.public', ['-qI1ijt3580d3c00'], [])
  assert.equal(asked, [{ verb: 'queue.flush', arguments: { id: '1IJT3580D3C00' } }])
})
test('what the daemon refuses is said', async () => {
  const { err, exit } = await against('control.public', ['-q'], [], 'you may not')
  assert.is(err, 'postqueue: fatal: you may not\n')
  assert.is(exit, 69)
})
test('what is no site and no id is not asked for', async () => {
  assert.match((await against('control.public', ['-qRa b'], [])).err, /invalid destination: "a b"/)
  assert.match((await against('control.public', ['-qI../x'], [])).err, /invalid name: "\.\.\/x"/)
})
test.run()
