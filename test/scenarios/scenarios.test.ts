/** The worked scenarios of books about Postfix, each a folder that is used end to end. README.md says how they are made. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OWN_SERVER, OWN_TOOLS } from '../conformance/board/own.ts'
import { inPool } from '../conformance/board/pool.ts'
import { expectedOf } from '../conformance/cases.ts'
import { missingHere } from '../conformance/needs.ts'
import { runInside } from '../conformance/outside.ts'
import type { Answered } from '../conformance/outside.ts'
import { judge, nowOf } from './now.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
/** ms for one; SCENARIOS=a,b takes those whose name has one of the words */
const LIMIT = 120_000
const words = (process.env.SCENARIOS ?? '').split(',')
const folders = readdirSync(HERE)
  .map((name) => join(HERE, name))
  .filter((folder) => existsSync(join(folder, 'case.json')) && words.some((word) => basename(folder).includes(word)))

const missing = missingHere()
if (missing && process.env.CI === 'true') throw new Error(missing)
if (missing) process.stdout.write(`# skipped: ${missing}\n`)

/** They wait more than they work. */
const AT_A_TIME = 4
let answers: ReadonlyMap<string, Answered> = new Map()
const test = suite('scenarios')
const define = missing ? test.skip : test
test.before(async () => {
  if (missing) return
  const run = (folder: string) => runInside({ case: folder, server: OWN_SERVER, tools: OWN_TOOLS }, LIMIT)
  const all = await inPool(folders, AT_A_TIME, async (folder) => [folder, await run(folder)] as const)
  answers = new Map(all)
})
for (const folder of folders)
  define(basename(folder), () => {
    const expected = expectedOf(folder)
    assert.ok(expected, 'not recorded')
    const { observed, error, output = '' } = answers.get(folder)!
    assert.ok(observed, `${error}\n${output}`)
    const wrong = judge(expected, observed, output, nowOf(folder))
    assert.is(wrong.length, 0, wrong.join('\n'))
  })
test.run()
