/** The folders of test/samples as tests: each runs against the built packages and is compared with its expected.json. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { needsRoot } from './sample-people.js'
import { SAMPLES, runSample, sampleNames } from './sample-run.js'

/** users of the system are made by root alone; in CI their absence is a failure */
const isLeftOut = (name) => process.env.CI !== 'true' && needsRoot(path.join(SAMPLES, name))

/** Every `parts`th sample, `part` from 1: so that the runner's limit for a file is far, and it decides how many run at a time. */
export function testSamples(part, parts) {
  const test = suite(`samples ${part} of ${parts}`)
  for (const name of sampleNames().filter((_, n) => n % parts === part - 1)) {
    if (isLeftOut(name)) test.skip(`${name}: needs root`)
    else test(name, () => compare(name))
  }
  test.run()
}

async function compare(name) {
  const file = path.join(SAMPLES, name, 'expected.json')
  assert.ok(existsSync(file), `no expected.json: node test/samples.js --record ${name}`)
  // as it would be written down
  const observed = JSON.parse(JSON.stringify(await runSample(name)))
  assert.equal(observed, JSON.parse(readFileSync(file, 'utf8')))
}
