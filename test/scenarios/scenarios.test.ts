/** The worked scenarios of books about Postfix, each a folder that is used end to end. README.md says how they are made. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OWN_SERVER } from '../conformance/board/own.ts'
import { expectedOf } from '../conformance/cases.ts'
import type { Answered } from '../conformance/outside.ts'
import { judge, nowOf } from './now.ts'
import { folderOf, missing, runAll, scenarios } from './run.ts'

const not = missing()
let answers: ReadonlyMap<string, Answered> = new Map()
const test = suite('scenarios')
const define = not ? test.skip : test
test.before(async () => {
  if (!not) answers = await runAll(scenarios(), OWN_SERVER)
})
for (const name of scenarios())
  define(name, () => {
    const expected = expectedOf(folderOf(name))
    assert.ok(expected, 'not recorded')
    const { observed, error, output = '' } = answers.get(name)!
    assert.ok(observed, `${error}\n${output}`)
    const wrong = judge(expected, observed, output, nowOf(folderOf(name)))
    assert.is(wrong.length, 0, wrong.join('\n'))
  })
test.run()
