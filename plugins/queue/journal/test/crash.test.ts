/** kill -9 under load: every acknowledged commit is there, every acknowledged outcome too. One owner at a time. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { started, store, temporary, textOf } from './helper.ts'

const child = fileURLToPath(new URL('crash-child.ts', import.meta.url))

test('kill -9 under load, again and again', async () => {
  const path = temporary()
  const alive = new Map<string, number>()
  const unknown = new Set<string>()
  let acknowledged = 0
  for (let round = 0; round < 4; round++) {
    const running = spawn(process.execPath, ['--import', 'tsx', child, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    let lines = 0
    running.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      lines += chunk.toString().split('\n').length
      if (lines > 1500 + round * 700) running.kill('SIGKILL')
    })
    await once(running, 'close')
    for (const line of text.split('\n').slice(0, -1)) {
      const id = line.slice(1, 14)
      if (line[0] === '+') {
        acknowledged++
        alive.set(id, Number(line.slice(15)))
      } else alive.delete(id)
    }
    const queue = await started(path)
    assert.equal(queue.health().problems, [])
    for (const [id, n] of alive) {
      const found = await queue.load(id)
      // its last outcome may have been durable before the line was told
      if (!found) unknown.add(id)
      else {
        const body = await textOf(found.body)
        assert.ok(
          body.every((byte) => byte === 97 + n),
          `body of ${id}`,
        )
      }
    }
    assert.ok(unknown.size <= 20 * (round + 1), `${unknown.size} gone: at most one per writer and round was in flight`)
    for (const id of unknown) alive.delete(id)
    let listed = 0
    for await (const entry of queue.list()) if (!alive.has(entry.id)) listed++
    assert.ok(listed <= 40 * (round + 1), `${listed} not acknowledged, and there`)
    await queue.stop()
  }
  assert.ok(acknowledged > 2000, `${acknowledged} acknowledged`)
})
test('a second owner does not start, and says why', async () => {
  const path = temporary()
  const first = await started(path)
  await store(path)
    .start(() => undefined)
    .then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, 'another process owns this queue'),
    )
  await first.stop()
  const second = await started(path)
  await second.stop()
})
test('without flock it refuses to start', async () => {
  const { PATH } = process.env
  process.env['PATH'] = temporary()
  try {
    await store(temporary())
      .start(() => undefined)
      .then(
        () => assert.unreachable(),
        (error: Error) => assert.match(error.message, 'util-linux'),
      )
  } finally {
    process.env['PATH'] = PATH
  }
})
test.run()
