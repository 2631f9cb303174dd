/** What `postern import` writes starts by itself and does what the folder does. */
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT, expectedOf } from '../conformance/cases.ts'
import type { Answered } from '../conformance/outside.ts'
import { judge, nowOf } from './now.ts'
import { folderOf, missing, runAll } from './run.ts'

const POSTERN = `${process.execPath} ${join(ROOT, 'packages/cli/bin/postern.js')}`
/** without master.cf the folder can no longer be served; main.cf tells the commands of the dialogue where the spool is */
const written = (flag: string, file: string) => `sh -c '
  ${POSTERN} import {etc} ${flag} -o {dir}/${file} && mv {etc}/master.cf {dir}/away && exec ${POSTERN} start --foreground -c {dir}/${file}'`
const FORMS: readonly (readonly [form: string, server: string, names: readonly string[]])[] = [
  [
    'YAML',
    written('', 'postern.config.yaml'),
    [
      'firewall',
      'hub',
      'isp-spool',
      'masquerade',
      'second-address',
      'virtual-separate-store',
      'aliases',
      'content-filter',
    ],
  ],
  [
    'TypeScript',
    written('--ts', 'postern.config.ts'),
    ['dial-up', 'mysql-customers', 'virtual-as-printed', 'procmail'],
  ],
]

const not = missing()
const all = new Map<string, ReadonlyMap<string, Answered>>()
const test = suite('written by import')
const define = not ? test.skip : test
test.before(async () => {
  if (not) return
  for (const [form, server, names] of FORMS) all.set(form, await runAll(names, server))
})
for (const [form, , names] of FORMS)
  for (const name of names)
    define(`${form}: ${name}`, () => {
      const { observed, error, output = '' } = all.get(form)!.get(name)!
      assert.ok(observed, `${error}\n${output}`)
      const wrong = judge(expectedOf(folderOf(name))!, observed, output, nowOf(folderOf(name)))
      assert.is(wrong.length, 0, wrong.join('\n'))
    })
test.run()
