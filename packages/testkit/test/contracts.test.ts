/** The contract suites pass for implementations that keep them, and fail for each way not to. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const RUN = fileURLToPath(new URL('./fixtures/run-contract.ts', import.meta.url))

/** The titles of the tests that failed. */
function failures(what: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' }
    execFile(process.execPath, ['--import', 'tsx', RUN, what], { env, timeout: 50_000 }, (_error, stdout, stderr) => {
      if (!/Total:\s+[1-9]/.test(stdout)) reject(new Error(stdout + stderr))
      else resolve([...stdout.matchAll(/FAIL .*?"(.*?)"/g)].map((m) => m[1]!))
    })
  })
}

const CASES: [what: string, expected: string[]][] = [
  ['table good', []],
  ['table failedAsAbsent', ['a backend that is away is failed, for keys that were there and for others']],
  [
    'table absentAsEmpty',
    ['absent', 'many requests at once each get their own answer', 'odd keys are absent, not a fault'],
  ],
  ['table deafToAbort', ['an aborted request ends and is not absent']],
  ['table prototypeKeys', ['absent']],
  ['transport good', []],
  ['transport forgetsOne', ['half way: what is not known to be delivered is deferred, nobody is lost']],
  ['transport bouncesOnBreak', ['half way: what is not known to be delivered is deferred, nobody is lost']],
  ['transport sendsDamaged', ['a damaged body is not sent to its end']],
  ['transport sendsTwice', ['delivered']],
  ['queue good', []],
  ['queue forgetsOutcomes', ['each recipient has its outcome after a restart']],
  ['queue losesOnRestart', ['what was committed is there after a restart, byte for byte']],
  ['queue keepsSettled', ['a message leaves when no recipient is pending']],
  ['queue loadsAll', ['recipients come in parts, with their ancestors']],
  [
    'queue requeuesTwice',
    ['a requeued message is new: expansions, attempts and hold undone, delivered recipients gone, body kept'],
  ],
]
const results = new Map<string, Promise<string[]>>()
for (const [what] of CASES) {
  const promise = (results.get('last') ?? Promise.resolve([])).catch(() => []).then(() => failures(what))
  promise.catch(() => undefined)
  results.set('last', promise)
  results.set(what, promise)
}
for (const [what, expected] of CASES) {
  test(what, async () => {
    const failed = await results.get(what)!
    if (expected.length === 0) assert.equal(failed, [])
    for (const title of expected)
      assert.ok(failed.includes(title), `did not fail: ${title}; failed: ${failed.join(' | ')}`)
  })
}
test.run()
