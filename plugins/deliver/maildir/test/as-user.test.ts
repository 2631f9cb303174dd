/** Recipients whose route names a user: what the node's helper is asked, and what becomes of its answers. */
import * as fs from 'node:fs'
import * as os from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BodyDamaged, systemClock } from '@postern/core'
import type { JobRecipient, Outcome, UserDelivery, UserOutcome, UserRequest } from '@postern/core'
import { bodyOf, callOf, jobOf, open, recipient } from './fakes.ts'

let dir: string
test.before.each(() => void (dir = fs.mkdtempSync(join(os.tmpdir(), 'maildir-'))))
test.after.each(() => fs.rmSync(dir, { recursive: true, force: true }))

interface Asked {
  readonly request: UserRequest
  readonly text: string
}
/** Writes down what it is asked, as a helper would read it. */
function recording(answer: UserOutcome | Error, asked: Asked[] = []): UserDelivery & { readonly asked: Asked[] } {
  return {
    asked,
    find: async (name) => {
      if (name === 'ldap') return { kind: 'failed', cause: 'no server' }
      return name === 'nobody-at-all'
        ? { kind: 'absent' }
        : { kind: 'found', user: { name, uid: 1000, gid: 1000, home: '/home/x', shell: '' } }
    },
    async deliver(request, content) {
      const parts: Uint8Array[] = []
      for await (const part of content.stream()) parts.push(part)
      asked.push({ request, text: Buffer.concat(parts).toString('latin1') })
      if (answer instanceof Error) throw answer
      return answer
    },
  }
}
const to = (user: string, address = `${user}@here.example`): JobRecipient => ({ ...recipient(0, address), user })
const DONE: UserOutcome = { kind: 'delivered', esc: '2.0.0', text: 'delivered to maildir' }
const opened = (users: UserDelivery | undefined, more: object = {}) =>
  open({ mailboxBase: dir, ...more }, {}, {}, systemClock, users)

test('what is asked: the maildir below the home, the lines above, LF line ends', async () => {
  const users = recording(DONE)
  const o = opened(users)
  const job = jobOf([to('anna', 'Anna+x@here.example')], { body: bodyOf('one\r\ntwo', false, 2) })
  assert.equal(await o.deliver(job), [DONE])
  assert.equal(users.asked, [
    {
      request: {
        kind: 'maildir',
        user: 'anna',
        above: 'Return-Path: <a@b.example>\nX-Original-To: Anna+x@here.example\nDelivered-To: Anna+x@here.example\n',
        folder: { below: 'home', path: 'Maildir/' },
        limit: 51_200_000,
        syncFolder: true,
        returnOverQuota: false,
      },
      text: 'Subject: hello\n\none\ntwo\n',
    },
  ])
  assert.equal(fs.readdirSync(dir), [], 'nothing in mailboxBase')
  await o.stop()
})
test('options: homeMailbox, virtualMailboxLimit, syncFolder', async () => {
  const users = recording(DONE)
  const o = opened(users, { homeMailbox: 'mail/in/', virtualMailboxLimit: 0, syncFolder: false })
  await o.deliver(jobOf([to('anna')]))
  const { folder, limit, syncFolder } = users.asked[0]!.request as Extract<UserRequest, { kind: 'maildir' }>
  assert.equal([folder, limit, syncFolder], [{ below: 'home', path: 'mail/in/' }, 0, false])
  await o.stop()
  for (const homeMailbox of ['Mailbox', '/abs/', '../up/', 'a/../b/', './', '/', 'a//b/'])
    assert.throws(() => opened(users, { homeMailbox }), undefined, homeMailbox)
})
const answers: UserOutcome[] = [
  { kind: 'failed', esc: '5.1.1', text: 'unknown user: "anna"' },
  { kind: 'deferred', esc: '4.2.0', text: 'maildir delivery failed: open maildir: Permission denied' },
]
for (const answer of answers)
  test(`the helper's answer is the outcome: ${answer.kind}`, async () => {
    const o = opened(recording(answer))
    assert.equal(await o.deliver(jobOf([to('anna')])), [answer as Outcome])
    await o.stop()
  })
test('a helper that is gone is a fault; the next recipient goes on', async () => {
  const o = opened(recording(new Error('gone')))
  const results = await o.deliver(jobOf([to('anna'), recipient(1, 'u@d.example')]))
  assert.equal(
    results.map((r) => r.kind),
    ['threw', 'delivered'],
  )
  await o.stop()
})
test('nobody has rights: deferred', async () => {
  const o = opened(undefined)
  assert.equal(await o.deliver(jobOf([to('anna')])), [
    { kind: 'deferred', esc: '4.3.5', text: 'mail system configuration error: no rights to deliver as user anna' },
  ])
  await o.stop()
})
test('a body that is damaged or too short throws within the content: no end of it is ever sent', async () => {
  const damaged = {
    size: 10,
    async *stream() {
      yield Buffer.from('x')
      throw new BodyDamaged('checksum')
    },
  }
  const short = { size: 10, stream: bodyOf('x').stream }
  for (const body of [damaged, short]) {
    const users = recording(DONE)
    const o = opened(users)
    assert.is((await o.deliver(jobOf([to('anna')], { body })))[0]!.kind, 'threw')
    assert.equal(users.asked, [])
    await o.stop()
  }
})
test('mail that has been here before is returned', async () => {
  const users = recording(DONE)
  const o = opened(users)
  const [result] = await o.deliver(jobOf([to('anna')], { header: 'Delivered-To: anna@here.example\r\n' }))
  assert.equal([result!.kind, users.asked.length], ['failed', 0])
  await o.stop()
})
const dry: [string, string, string][] = [
  ['anna', '2.0.0', 'delivers to maildir'],
  ['nobody-at-all', '5.1.1', 'unknown user: "nobody-at-all"'],
  ['ldap', '4.3.0', 'temporary lookup failure'],
]
for (const [user, esc, text] of dry)
  test(`a dry call asks only who it is: ${text}`, async () => {
    const users = recording(DONE)
    const o = opened(users)
    const [result] = (await o.deliver(jobOf([to(user)]), callOf(true))) as { esc: string; text: string }[]
    assert.equal([result!.esc, result!.text, users.asked.length], [esc, text, 0])
    await o.stop()
  })
test.run()
