/**
 * New mail while the old is still being found: the journal takes it from its start on, and rolls to new segments meanwhile. Nothing
 * that recovery has not counted yet may be dropped as dead.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JournalStore } from '@postern/queue-journal'
import { tempFolder } from '@postern/testkit'
import { row, times } from './support/report.ts'
import { commit, smallJournal } from './support/store-steps.js'

const BODY = Buffer.alloc(4000, 'x')

async function listed(store: JournalStore): Promise<Set<string>> {
  const ids = new Set<string>()
  for await (const m of store.list()) ids.add(m.id)
  return ids
}

/** It is a cache: without it the segments themselves are read, as after a kill. */
function forgetCheckpoints(path: string): void {
  for (const part of readdirSync(join(path, 'parts')))
    rmSync(join(path, 'parts', part, 'ckpt'), { recursive: true, force: true })
}

const NAME = 'recovery: segments roll while the old ones are read'

test('new mail in many segments while the old is being found', async () => {
  const folder = await tempFolder('postern-recovery')
  const path = join(folder.path, 'journal')
  try {
    const acknowledged = new Set<string>()
    const runs = times(3, 20)
    let lost: string[] = []
    for (let n = 0; n < runs && lost.length === 0; n++) {
      const store: JournalStore = smallJournal(path)
      const { done } = await store.start(() => undefined)
      const all = Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let i = 0; i < (n === 0 ? 200 : 25); i++) acknowledged.add(await commit(store, BODY))
        }),
      )
      // recovery that fails is an error in the log of a daemon
      const failure = await done.then(
        () => undefined,
        (error: Error) => error,
      )
      await all
      const there = await listed(store)
      lost = [...acknowledged].filter((id) => !there.has(id))
      await store.stop()
      forgetCheckpoints(path)
      assert.is(failure, undefined, `run ${n}: ${failure?.message}, ${lost.length} of ${acknowledged.size} gone`)
    }
    row({ name: NAME, runs, acknowledged: acknowledged.size, lost: lost.length, explained: 0, unexplained: 0 })
    assert.equal(lost, [])
  } finally {
    await folder.remove()
  }
})
test.run()
