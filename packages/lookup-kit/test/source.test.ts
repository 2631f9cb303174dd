import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { count, list, parseTableFile, readSource, yesNo } from '@postern/lookup-kit'

const schema = z.strictObject({
  dbname: z.string(),
  hosts: list().default(['localhost']),
  expansionLimit: count().default(0),
  tls: yesNo().default(false),
})
const { path: folder } = await tempFolder()
async function fromFile(text: string) {
  writeFileSync(join(folder, 'table.cf'), text)
  return readSource({ spec: 'table.cf', where: 'test', folder }, schema)
}

test('a file in names and spelling of Postfix', async () => {
  const read = await fromFile(
    '# who\ndbname = mail\n hosts=ignored\nhosts = one two,\n  three\nexpansion_limit=3\ntls = YES\n',
  )
  assert.equal(read, {
    ok: true,
    options: { dbname: 'mail hosts=ignored', hosts: ['one', 'two', 'three'], expansionLimit: 3, tls: true },
    warnings: [],
  })
})
test('an object in camelCase', async () => {
  const spec = { dbname: 'mail', hosts: ['one'], expansionLimit: 3, tls: true }
  const read = await readSource({ spec, where: 'test', folder }, schema)
  assert.equal(read, { ok: true, options: spec, warnings: [] })
})

const PROBLEMS: [title: string, text: string, problem: RegExp][] = [
  ['no value', 'hosts = a\n', /table\.cf: dbname: is missing$/],
  ['a wrong value', 'dbname = a\ntls = maybe\n', /table\.cf, line 2: tls: expected yes or no$/],
  ['no equals sign', 'dbname a\n', /table\.cf, line 1: expected name = value$/],
  ['white space first', ' dbname = a\n', /table\.cf, line 1: a line must not start/],
]
for (const [title, text, problem] of PROBLEMS)
  test(`a file with ${title}`, async () => {
    const read = await fromFile(text)
    assert.match(read.ok ? '' : read.problem, problem)
  })
test('a file that is not there', async () => {
  const read = await readSource({ spec: 'none.cf', where: 'test', folder }, schema)
  assert.match(read.ok ? '' : read.problem, /ENOENT.*none\.cf/)
})
test('a name that nobody knows: a warning in a file, a problem in an object', async () => {
  const read = await fromFile('dbname = a\nexpanson_limit = 3\n')
  assert.match(
    read.ok ? read.warnings[0]! : '',
    /line 2: unknown parameter expanson_limit; did you mean expansion_limit\?$/,
  )
  const object = await readSource({ spec: { dbname: 'a', hots: [] }, where: 'test', folder }, schema)
  assert.match(object.ok ? '' : object.problem, /unknown option hots; did you mean hosts\?$/)
})
test('of two lines with one name the last counts', () => {
  assert.is(parseTableFile('a = 1\na = 2\n').entries.get('a')?.value, '2')
})
test.run()
