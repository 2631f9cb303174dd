/** Torn tails and flipped bits: what is served is exact, what is not is reported. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { BodyDamaged } from '@postern/core'
import { readQueue } from '@postern/queue-journal'
import { loaded, message, partOf, seed, segmentsOf, snapshot, started, store, temporary, textOf } from './helper.ts'
import type { QueueEntry } from '@postern/core'

/** Every other byte, these or those: all of them take too long for one run. */
const odd = Date.now() % 2

async function listing(path: string, problems: string[] = []): Promise<QueueEntry[]> {
  const all: QueueEntry[] = []
  for await (const entry of readQueue(path, problems)) all.push(entry)
  return all
}
/** Where the last byte that is not zero stands, rounded up to the page. */
const usedBytes = (file: Buffer): number => Math.ceil((file.findLastIndex((byte) => byte !== 0) + 1) / 4096) * 4096

test('a tail torn at any byte takes only what was not whole, and is no damage', async () => {
  const path = temporary()
  const queue = await started(path)
  const ids: string[] = []
  for (const text of ['one\r\n', 'two\r\n', 'three\r\n']) {
    const made = await message(queue, text)
    await queue.commit(made)
    ids.push(made.id)
  }
  const copy = snapshot(path)
  await queue.stop()
  const [file] = segmentsOf(copy)
  const whole = fs.readFileSync(file!)
  const used = usedBytes(whole)
  const frames = frameEnds(whole, used)
  assert.is(frames.length, 3)
  for (let at = 4096 + odd; at <= used; at += 2) {
    if (dull(whole, at)) continue
    const torn = Buffer.from(whole.subarray(0, at % 2 ? at : whole.length))
    torn.fill(0, at)
    fs.writeFileSync(file!, torn)
    const problems: string[] = []
    const found = (await listing(copy, problems)).map((e) => e.id)
    const complete = frames.filter((end) => end <= at).length
    // up to seven zeros of alignment belong to a frame: without them it is as whole as with them
    assert.ok(found.length >= complete && found.length <= frames.filter((end) => end - 7 <= at).length, `cut at ${at}`)
    assert.equal(found, ids.slice(0, found.length))
    assert.equal(problems, [], `cut at ${at}`)
  }
})
test('a header that a power failure took with the rest of the first batch is no damage, then and later', async () => {
  const path = temporary()
  const queue = await started(path)
  const made = await message(queue)
  await queue.commit(made)
  // before there is a mark above the batch
  const copy = snapshot(path)
  await queue.stop()
  const fd = fs.openSync(segmentsOf(copy)[0]!, 'r+')
  fs.writeSync(fd, Buffer.alloc(4096), 0, 4096, 0)
  fs.closeSync(fd)
  for (const life of ['at once', 'after a life', 'after two']) {
    const problems: string[] = []
    assert.equal(
      (await listing(copy, problems)).map((e) => e.id),
      [made.id],
    )
    assert.equal(problems, [], life)
    const again = await started(copy)
    assert.equal(again.health().problems, [], life)
    await again.stop()
    for (const one of fs.readdirSync(join(partOf(copy), 'ckpt'))) fs.rmSync(join(partOf(copy), 'ckpt', one))
  }
})
/** In the middle of zeros one byte is like the next: each 16th will do. */
const dull = (file: Buffer, at: number): boolean =>
  at % 128 > 1 && file.subarray(at - 32, at + 32).every((byte) => byte === 0)
/** Ends of the COMMIT frames, found by magic and type. */
function frameEnds(file: Buffer, used: number): number[] {
  const ends: number[] = []
  for (let at = 4096; at < used; at += 8) {
    if (file.toString('latin1', at, at + 4) !== 'PNJF' || file[at + 4] !== 1) continue
    ends.push((at + 56 + file.readUInt32LE(at + 8) + file.readUInt32LE(at + 12) + 7) & ~7)
  }
  return ends
}

async function sample(): Promise<{ path: string; bodies: Map<string, string>; before: QueueEntry[] }> {
  const path = temporary()
  const queue = await started(path)
  const bodies = new Map<string, string>()
  const made = await Promise.all(
    ['one\r\n', 'two, a little longer\r\n', 'three\r\n'].map((text) =>
      message(queue, text, [seed('a@x'), seed('b@x')]),
    ),
  )
  for (const [i, m] of made.entries()) bodies.set(m.id, ['one\r\n', 'two, a little longer\r\n', 'three\r\n'][i]!)
  await Promise.all(made.map((m) => queue.commit(m)))
  queue.attempt(made[0]!.id, [0, 1], 1)
  void queue.outcome(made[0]!.id, [{ n: 0, state: 'delivered', esc: '2.0.0', text: 'ok' }], { nextTry: 77 })
  await queue.expand(made[1]!.id, 0, [seed('c@x')])
  await queue.admin(made[2]!.id, { action: 'hold', who: 'root', why: 'look at it' })
  await queue.stop()
  return { path, bodies, before: await listing(path) }
}
test('one flipped bit in any byte of a segment: exact or reported', async () => {
  const { path, before } = await sample()
  const [file] = segmentsOf(path)
  const whole = fs.readFileSync(file!)
  let reported = 0
  for (let at = odd; at < usedBytes(whole); at += 2) {
    if (dull(whole, at)) continue
    const flipped = Buffer.from(whole)
    flipped[at] = flipped[at]! ^ (1 << (at % 8))
    fs.writeFileSync(file!, flipped)
    const problems: string[] = []
    const found = await listing(path, problems)
    if (problems.length > 0) reported++
    else assert.equal(found, before, `byte ${at}: another queue, and nobody says so`)
  }
  assert.ok(reported > 500, `${reported} flips were seen`)
})
test('a damaged journal starts; a damaged body is never read to its end; the bytes are kept', async () => {
  const { path, bodies } = await sample()
  const whole = fs.readFileSync(segmentsOf(path)[0]!)
  const damagedBodies: string[] = []
  for (let at = 0; at < usedBytes(whole); at += at < 4096 ? 999 : 37) {
    const copy = snapshot(path)
    const flipped = Buffer.from(whole)
    flipped[at] = flipped[at]! ^ 16
    fs.writeFileSync(segmentsOf(copy)[0]!, flipped)
    const events: { level: string; event: string; fields: object }[] = []
    // hundreds of starts
    const queue = store(copy, { threads: false }, events as never)
    await (
      await queue.start(() => undefined)
    ).done
    const { problems } = queue.health()
    for (const [id, text] of bodies) {
      try {
        const found = await queue.load(id)
        if (!found) assert.ok(problems.length > 0, `byte ${at}: ${id} is gone in silence`)
        else assert.is((await textOf(found.body)).toString(), text, `byte ${at}`)
      } catch (error) {
        assert.instance(error, BodyDamaged)
        damagedBodies.push(id)
      }
    }
    if (problems.length > 0) {
      assert.ok(events.some((e) => e.event === 'queue.damaged'))
      assert.ok(fs.readdirSync(join(partOf(copy), 'corrupt')).length > 0, 'kept')
    }
    await queue.stop()
    fs.rmSync(copy, { recursive: true })
  }
  assert.ok(damagedBodies.length > 0)
})
test('a body damaged on disk while the store runs is found at load', async () => {
  const path = temporary()
  const queue = await started(path)
  const made = await message(queue, 'precious words\r\n')
  await queue.commit(made)
  // the first outcome takes it out of memory
  await queue.outcome(made.id, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }], { durable: true })
  const [file] = segmentsOf(path)
  const at = fs.readFileSync(file!).indexOf('precious')
  const fd = fs.openSync(file!, 'r+')
  fs.writeSync(fd, 'P', at)
  fs.closeSync(fd)
  const { body } = await loaded(queue, made.id)
  assert.is(body.bytes, undefined)
  try {
    await textOf(body)
    assert.unreachable()
  } catch (error) {
    assert.instance(error, BodyDamaged)
  }
  assert.is(queue.health().problems.length, 1)
  assert.is(fs.readdirSync(join(partOf(path), 'corrupt')).length, 1)
  await queue.stop()
})
test("a frame of another segment, and an old one in a recycled segment, are nobody's", async () => {
  const { path, before } = await sample()
  const [file] = segmentsOf(path)
  const bytes = fs.readFileSync(file!)
  const used = usedBytes(bytes)
  // a copy of a whole commit behind the end, bound to another segment number: its checksum holds, its place is wrong
  bytes.copy(bytes, used, 4096, used)
  fs.writeFileSync(file!, bytes)
  const next = await started(path)
  await next.stop()
  const files = segmentsOf(path)
  const second = fs.readFileSync(files[1]!)
  bytes.copy(second, 8192, 4096, used)
  fs.writeFileSync(files[1]!, second)
  assert.equal(await listing(path), before)
})
test.run()
