/** Runs every folder of test/samples against the built packages and compares with its expected.json. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const SAMPLES = join(HERE, 'samples')
const all = readdirSync(SAMPLES)
  .filter((name) => existsSync(join(SAMPLES, name, 'dialogue.json')))
  .sort()
/** users of the system are made by root alone; in CI their absence is a failure */
const needsRoot = (name: string) =>
  process.env.CI !== 'true' && existsSync(join(SAMPLES, name, 'people.json')) && process.getuid?.() !== 0
const names = all.filter((name) => !needsRoot(name))

/** What the sample's process printed last, or why it did not come to that. */
function observe(name: string): Promise<unknown> {
  const args = [join(HERE, 'samples.js'), '--observe', name]
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { timeout: 60_000, killSignal: 'SIGKILL', maxBuffer: 1 << 26 },
      (error, out, err) => {
        if (error) reject(new Error(`${error.message}\n${out}${err}`))
        else resolve(JSON.parse(out.trimEnd().split('\n').at(-1)!))
      },
    )
  })
}

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
    await observe(name).then(resolve, reject)
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
for (const name of all.filter(needsRoot)) test.skip(`${name}: needs root`)
test.run()
await Promise.all(Array.from({ length: availableParallelism() }, work))
