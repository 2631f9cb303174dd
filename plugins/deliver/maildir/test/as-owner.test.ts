/** Values without a slash, and mailboxes of an owner that this process is not: what the helper is asked. */
import * as fs from 'node:fs'
import * as os from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found, systemClock } from '@postern/core'
import type { Outcome, UserDelivery, UserOutcome, UserRequest } from '@postern/core'
import { callOf, jobOf, open, recipient } from './fakes.ts'

let dir: string
test.before.each(() => void (dir = fs.mkdtempSync(join(os.tmpdir(), 'maildir-'))))
test.after.each(() => fs.rmSync(dir, { recursive: true, force: true }))

type Mbox = Extract<UserRequest, { kind: 'mbox' }>
const DONE: UserOutcome = { kind: 'delivered', esc: '2.0.0', text: 'delivered to mailbox' }
function recording(answer: UserOutcome = DONE): UserDelivery & { readonly asked: UserRequest[] } {
  const asked: UserRequest[] = []
  return {
    asked,
    find: async () => ({ kind: 'absent' }),
    async deliver(request, content) {
      for await (const _ of content.stream());
      asked.push(request)
      return answer
    },
  }
}
const boxes: Record<string, string> = {
  'rich@vm.example': 'vm/rich',
  'katie@vm.example': 'vm/katie/',
  'abs@vm.example': '/abs',
  'up@vm.example': '../up',
  'dot@vm.example': '.',
}
const tables = { boxes: (key: string) => (key in boxes ? found(boxes[key]!) : absent()) }
const OWNED = { virtualMailboxMaps: 'x:boxes', uid: 5000, gid: 5001 }
async function deliver(address: string, users: UserDelivery, more: object = {}, job: object = {}): Promise<Outcome> {
  const o = open({ mailboxBase: dir, ...OWNED, ...more }, tables, {}, systemClock, users)
  const [result] = await o.deliver(jobOf([recipient(0, address)], job))
  await o.stop()
  return result as Outcome
}

test('an mbox: what is asked', async () => {
  const users = recording()
  assert.equal(await deliver('RICH+x@vm.example', users), DONE)
  assert.equal(users.asked, [
    {
      kind: 'mbox',
      user: 'rich+x@vm.example',
      owner: { uid: 5000, gid: 5001 },
      file: { below: 'root', path: join(dir, 'vm/rich') },
      locks: ['fcntl', 'dotlock'],
      limit: 51_200_000,
      returnOverQuota: false,
      above: 'Return-Path: <a@b.example>\nX-Original-To: RICH+x@vm.example\nDelivered-To: RICH+x@vm.example\n',
    },
  ])
  assert.equal(fs.readdirSync(dir), [], 'this process writes nothing')
})
test('a slash at its beginning is below the base too; options', async () => {
  const users = recording()
  await deliver('abs@vm.example', users, {
    virtualMailboxLock: ['dotlock'],
    virtualMailboxLimit: 0,
    returnOverQuota: true,
  })
  const { file, locks, limit, returnOverQuota } = users.asked[0] as Mbox
  assert.equal([file.path, locks, limit, returnOverQuota], [join(dir, 'abs'), ['dotlock'], 0, true])
})
for (const address of ['up@vm.example', 'dot@vm.example'])
  test(`a value that leaves the base or is it: ${boxes[address]}`, async () => {
    const users = recording()
    const outcome = (await deliver(address, users)) as { esc: string }
    assert.equal([outcome.esc, users.asked.length], ['4.3.5', 0])
  })
test('an mbox needs an owner who is not root', async () => {
  const users = recording()
  const none = { uid: undefined, gid: undefined }
  const outcome = (await deliver('rich@vm.example', users, none)) as { esc: string }
  const [uid, gid] = [process.geteuid!(), process.getegid!()]
  if (uid === 0) return assert.equal([outcome.esc, users.asked.length], ['4.3.5', 0])
  assert.equal((users.asked[0] as Mbox).owner, { uid, gid }, 'this process’s own')
})
test('the helper’s answer is the outcome', async () => {
  const answer: UserOutcome = { kind: 'failed', esc: '5.2.2', text: 'error writing message: File too large' }
  assert.equal(await deliver('rich@vm.example', recording(answer)), answer)
})
test('a dry call asks nobody', async () => {
  const users = recording()
  const o = open({ mailboxBase: dir, ...OWNED }, tables, {}, systemClock, users)
  const [result] = (await o.deliver(jobOf([recipient(0, 'rich@vm.example')]), callOf(true))) as { text: string }[]
  assert.equal([result!.text, users.asked.length], ['delivers to mailbox', 0])
  await o.stop()
})
const loops: [boolean, string][] = [
  [true, 'failed'],
  [false, 'delivered'],
]
for (const [refuseLoops, kind] of loops)
  test(`mail that was here before, refuseLoops: ${refuseLoops}`, async () => {
    const job = { header: 'Delivered-To: rich@vm.example\r\nSubject: x\r\n' }
    assert.is((await deliver('rich@vm.example', recording(), { refuseLoops }, job)).kind, kind)
  })
test('both kinds in one message: by the slash of the value', async () => {
  const users = recording()
  const mine = { uid: process.geteuid!(), gid: process.getegid!() }
  const options = mine.uid === 0 ? {} : { ...mine, virtualMinimumUid: 0 }
  if (mine.uid === 0) fs.chownSync(dir, 5000, 5001)
  const o = open({ mailboxBase: dir, ...OWNED, ...options }, tables, {}, systemClock, users)
  const results = await o.deliver(jobOf([recipient(0, 'rich@vm.example'), recipient(1, 'katie@vm.example')]))
  assert.equal(
    results.map((r) => (r as { text: string }).text),
    ['delivered to mailbox', 'delivered to maildir'],
  )
  assert.equal([users.asked.length, fs.readdirSync(join(dir, 'vm/katie/new')).length], [1, 1])
  await o.stop()
})
test('recipients in the order of their addresses, as Postfix; a fault keeps no other', async () => {
  const at: string[] = []
  const users: UserDelivery = {
    find: async () => ({ kind: 'absent' }),
    async deliver(request) {
      at.push(request.user)
      if (request.user.startsWith('b')) throw new Error('gone')
      return DONE
    },
  }
  const any = { boxes: (key: string) => found(key) }
  const o = open({ mailboxBase: dir, ...OWNED }, any, {}, systemClock, users)
  const results = await o.deliver(
    jobOf(['c@vm.example', 'B@vm.example', 'a@vm.example'].map((a, n) => recipient(n, a))),
  )
  assert.equal(at, ['a@vm.example', 'b@vm.example', 'c@vm.example'])
  assert.equal(
    results.map((r) => r.kind),
    ['delivered', 'threw', 'delivered'],
  )
  await o.stop()
})
if (process.getuid!() !== 0)
  test('a maildir of another owner: by the helper', async () => {
    const users = recording({ ...DONE, text: 'delivered to maildir' })
    assert.is((await deliver('katie@vm.example', users)).kind, 'delivered')
    assert.equal(users.asked[0]!.kind, 'maildir')
  })
test.run()
