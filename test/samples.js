/**
 * Runs samples.
 *   node test/samples.js NAME...            runs them and says what differs from expected.json
 *   node test/samples.js --record NAME...   writes expected.json, for review
 *   node test/samples.js --list
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { needsRoot } from './tools/sample-people.js'
import { SAMPLES, runSample, sampleNames } from './tools/sample-run.js'

const [first, ...rest] = process.argv.slice(2)
const record = first === '--record'
const names = first?.startsWith('--') ? rest : [first, ...rest].filter(Boolean)
const expectedFile = (name) => path.join(SAMPLES, name, 'expected.json')

if (first === '--list') console.log(sampleNames().join('\n'))
else {
  for (const name of names.length || record ? names : sampleNames()) {
    if (needsRoot(path.join(SAMPLES, name))) {
      console.log(`${name}: skipped, it needs root`)
      continue
    }
    const text = `${JSON.stringify(await runSample(name), null, 2)}\n`
    const file = expectedFile(name)
    const same = existsSync(file) && JSON.stringify(JSON.parse(readFileSync(file, 'utf8')), null, 2) + '\n' === text
    if (record && !same) writeFileSync(file, text)
    console.log(`${name}: ${same ? 'as expected' : record ? 'recorded' : 'DIFFERS'}`)
    if (!same && !record) {
      console.log(text)
      process.exitCode = 1
    }
  }
}
process.exit()
