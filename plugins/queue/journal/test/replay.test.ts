/** Texts and histories after a fault, or a power failure: while records are written again elsewhere, and around those that are torn. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { systemIo } from '@postern/queue-journal'
import { loaded, message, seed, segmentsOf, snapshot, started, temporary } from './helper.ts'
import type { Io } from '@postern/queue-journal'

/** An Io of which so many syncs fail. */
function faulty() {
  const state = { sync: 0 }
  const io: Io = {
    ...systemIo,
    sync: (fd, purpose, done) =>
      purpose !== 'folder' && state.sync > 0 && state.sync-- > 0
        ? done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
        : systemIo.sync(fd, purpose, done),
  }
  return { io, state }
}
const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !what(); i++) await settle(5)
  assert.ok(what())
}

// what was written is written again elsewhere: between the two places a record has none
for (const order of ['commit', 'sync'] as const)
  for (const when of ['as one', 'after another fault'])
    test(`what is read while a failed ${order} is made good has the latest texts; ${when}`, async () => {
      const { io, state } = faulty()
      const held: (() => void)[] = []
      let hold = false
      const path = temporary()
      const commit: Io['commit'] = (fd, buffer, length, position, done) =>
        io.write(fd, buffer, length, position, 'records', (error, n) =>
          error ? done(error, 0) : io.sync(fd, 'records', (failed) => done(failed, n)),
        )
      // the new segment's name is waited for
      const rename = async (from: string, to: string) => {
        if (hold && /\d{8}$/.test(to)) await new Promise<void>((resolve) => held.push(resolve))
        await systemIo.files!.rename(from, to)
      }
      const queue = await started(path, {
        io: { ...io, ...(order === 'commit' && { commit }), files: { ...systemIo.files!, rename } },
        probe: 20,
      })
      const one = await message(queue, 'one', [seed('a@x'), seed('b@x')])
      await queue.commit(one)
      const tell = (text: string) =>
        queue.outcome(one.id, [{ n: 0, state: 'deferred', esc: '4.0.0', text }], { nextTry: 5, durable: true })
      await tell('earlier')
      await settle(100)
      hold = true
      state.sync = when === 'as one' ? 1 : 2
      const told = tell('later')
      await until(() => held.length === 1)
      if (when !== 'as one') {
        held.shift()!()
        await until(() => held.length === 1)
      }
      const list = async () => {
        for await (const entry of queue.list()) return entry.recipients[0]?.text
      }
      const history = async () => {
        const all = []
        for await (const { kind } of queue.history(one.id)) all.push(kind)
        return all
      }
      const reads = Promise.all([
        queue.load(one.id).then(
          (m) => m?.recipients[0]?.text,
          (error: Error) => error.message,
        ),
        list(),
        history(),
        queue.compact(),
      ])
      await settle(50)
      hold = false
      for (const go of held.splice(0)) go()
      await told
      const [text, listed, kinds] = await reads
      // while nothing can be recorded nothing is given
      if (when === 'as one') assert.is(text, 'later')
      else assert.match(text!, /EIO|later/)
      assert.is(listed, 'later')
      assert.equal(kinds, ['received', 'outcome', 'outcome'])
      await queue.stop()
      const again = await started(path)
      assert.is((await loaded(again, one.id)).recipients[0]?.text, 'later')
      await again.stop()
    })
/** The page at `at` as it was before: a power failure keeps what it likes of what was not synced. */
function tearPage(file: string, at: number): void {
  const fd = fs.openSync(file, 'r+')
  fs.writeSync(fd, Buffer.alloc(4096), 0, 4096, at - (at % 4096))
  fs.closeSync(fd)
}
test('a power failure that takes a record which nobody waited for leaves those before it and behind it', async () => {
  const path = temporary()
  const queue = await started(path)
  const one = await message(queue, 'one', [seed('a@x')])
  await queue.commit(one)
  const tell = (text: string, durable: boolean) =>
    queue.outcome(one.id, [{ n: 0, state: 'deferred', esc: '4.0.0', text }], { nextTry: 5, durable })
  await tell('kept', true)
  // the mark behind it
  await settle(100)
  void tell('torn ' + 'x'.repeat(5000), false)
  // written, not synced
  await settle(20)
  queue.attempt(one.id, [0], 2)
  await settle(20)
  const copy = snapshot(path)
  await queue.stop()
  const [file] = segmentsOf(copy)
  const at = fs.readFileSync(file!).indexOf('torn xxx')
  assert.ok(at > 0)
  tearPage(file!, at)
  for (let start = 0; start < 3; start++) {
    const again = await started(copy)
    const { recipients, attempts } = await loaded(again, one.id)
    assert.equal([recipients[0]?.text, attempts], ['kept', 2])
    const kinds: string[] = []
    for await (const { kind } of again.history(one.id)) kinds.push(kind)
    assert.equal(kinds.slice(0, 3), ['received', 'outcome', 'attempt'])
    assert.equal(again.health().problems, [])
    if (start === 1) await again.compact()
    await again.stop()
  }
})
test.run()
