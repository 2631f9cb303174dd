/**
 * Every recorded case against the built Postern, at the level that it is said to pass: all of it, or what expected-failures.json
 * says. Four at a time.
 */
import { basename } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OWN_SERVER, OWN_TOOLS } from './board/own.ts'
import { inPool } from './board/pool.ts'
import { complaint, firstDifference, readKnown, runCase } from './board/result.ts'
import type { CaseResult } from './board/result.ts'
import { findCases } from './cases.ts'
import { missingHere } from './needs.ts'

const JOBS = 4
/** ms; a case that waits for much mail that does not come takes a minute */
const LIMIT = 120_000

const missing = missingHere()
if (missing && process.env.CI === 'true') throw new Error(missing)
if (missing) process.stdout.write(`# skipped: ${missing}\n`)

const known = readKnown()
const folders = findCases([])
const test = suite('conformance')

test('the list names cases that exist', () => {
  const names = folders.map((folder) => basename(folder))
  assert.equal(
    Object.keys(known).filter((name) => !names.includes(name)),
    [],
  )
})

const results = new Map<string, CaseResult>()
const waiting = new Map<string, () => void>()
for (const folder of folders) {
  const name = basename(folder)
  const define = missing ? test.skip : test
  define(name, async () => {
    if (!results.has(name)) await new Promise<void>((resolve) => waiting.set(name, resolve))
    const result = results.get(name)!
    const why = complaint(result, known[name], 'full')
    assert.is(why, undefined, [why, ...firstDifference(result, 'full')].join('\n'))
  })
}
test.run()

if (!missing) {
  const options = { server: OWN_SERVER, tools: OWN_TOOLS, limit: LIMIT }
  await inPool(folders, JOBS, async (folder) => {
    const result = await runCase(folder, options)
    results.set(result.name, result)
    waiting.get(result.name)?.()
  })
}
