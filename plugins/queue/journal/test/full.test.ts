/** A full disk: what ends mail is recorded all the same, new mail is refused, and taken again when there is room. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { fill, message, run, started, temporary } from './helper.ts'

const MIB = 1024 * 1024
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(what())
}
test('outcomes on a full disk', async () => {
  const disk = temporary()
  if (!run('mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk)) {
    console.log('SKIP: only root can mount a small file system')
    return
  }
  try {
    const path = join(disk, 'journal')
    const queue = await started(path, { segmentSize: 256 * 1024, minFree: MIB, probe: 50 })
    const made = await Promise.all(Array.from({ length: 1000 }, () => message(queue)))
    await Promise.all(made.map((m) => queue.commit(m)))
    await until(() =>
      fs.readdirSync(join(path, 'parts', fs.readdirSync(join(path, 'parts'))[0]!, 'seg')).includes('spare2'),
    )
    fill(join(disk, 'filler'))
    fill(join(disk, 'filler2'))
    const ok = { n: 0, state: 'delivered' as const, esc: '2.0.0', text: 'ok' }
    for (let i = 0; i < 1000; i += 100)
      await Promise.all(made.slice(i, i + 100).map(async (m) => queue.outcome(m.id, [ok], { durable: true })))
    await until(() => queue.health().refusing !== undefined)
    assert.is(queue.health().messages, 0)
    fs.rmSync(join(disk, 'filler'))
    fs.rmSync(join(disk, 'filler2'))
    await until(() => queue.health().refusing === undefined)
    const later = await message(queue)
    await queue.commit(later)
    await queue.stop()
    const again = await started(path, { segmentSize: 256 * 1024 })
    const found: string[] = []
    for await (const { id } of again.list()) found.push(id)
    assert.equal(found, [later.id])
    await again.stop()
  } finally {
    run('umount', '-l', disk)
  }
})
test('a start on a full disk, without a spare', async () => {
  const disk = temporary()
  if (!run('mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk)) {
    console.log('SKIP: only root can mount a small file system')
    return
  }
  try {
    const [path, copy] = [join(disk, 'journal'), join(disk, 'copy')]
    const options = { segmentSize: 256 * 1024, minFree: MIB, probe: 50 }
    const first = await started(path, options)
    const made = await message(first)
    await first.commit(made)
    // in delivery at the end of the process: that is to be recorded at the start
    first.attempt(made.id, [0], 1)
    await first.written!(made.id)
    fs.cpSync(path, copy, { recursive: true })
    await first.stop()
    fs.rmSync(path, { recursive: true })
    const folder = join(copy, 'parts', fs.readdirSync(join(copy, 'parts'))[0]!, 'seg')
    for (const name of fs.readdirSync(folder)) if (!/^\d+$/.test(name)) fs.rmSync(join(folder, name))
    fill(join(disk, 'filler'))
    const queue = await started(copy, options)
    const found: string[] = []
    // the store's own timers keep no process alive
    const alive = setInterval(() => undefined, 100)
    for await (const { id } of queue.list()) found.push(id)
    clearInterval(alive)
    assert.equal(found, [made.id], 'what it holds is found')
    assert.match(queue.health().refusing ?? '', /no space left/)
    const refused = await message(queue)
    const why = await queue.commit(refused).then(
      () => 'taken',
      (error: Error) => error.message,
    )
    assert.match(why, /no space left/)
    fs.rmSync(join(disk, 'filler'))
    await until(() => queue.health().refusing === undefined)
    const later = await message(queue)
    await queue.commit(later)
    await queue.stop()
    const again = await started(copy, options)
    const all: string[] = []
    for await (const { id } of again.list()) all.push(id)
    assert.equal(all, [made.id, later.id])
    await again.stop()
  } finally {
    run('umount', '-l', disk)
  }
})
test.run()
