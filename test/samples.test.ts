/** Runs every folder of test/samples against the built packages and compares with its expected.json. */
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { needsRoot } from './tools/sample-people.js'
import { SAMPLES, runSample, sampleNames } from './tools/sample-run.js'

const all: string[] = sampleNames()
/** users of the system are made by root alone; in CI their absence is a failure */
const isLeftOut = (name: string): boolean => process.env.CI !== 'true' && needsRoot(join(SAMPLES, name))
const names = all.filter((name) => !isLeftOut(name))

interface Deferred {
  readonly promise: Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}
function deferred(): Deferred {
  let settle!: Omit<Deferred, 'promise'>
  const promise = new Promise<unknown>((resolve, reject) => (settle = { resolve, reject }))
  return { promise, ...settle }
}

const waiting = [...names]
const results = new Map(names.map((name) => [name, deferred()]))
async function work(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const { resolve, reject } = results.get(name)!
    // as it would be written down
    await runSample(name).then((observed) => resolve(JSON.parse(JSON.stringify(observed))), reject)
  }
}

const test = suite('samples')
for (const name of names) {
  const { promise } = results.get(name)!
  // told when its test asks
  promise.catch(() => undefined)
  test(name, async () => {
    const file = join(SAMPLES, name, 'expected.json')
    assert.ok(existsSync(file), `no expected.json: node test/samples.js --record ${name}`)
    assert.equal(await promise, JSON.parse(readFileSync(file, 'utf8')))
  })
}
for (const name of all.filter(isLeftOut)) test.skip(`${name}: needs root`)
test.run()
await Promise.all(Array.from({ length: availableParallelism() }, work))
