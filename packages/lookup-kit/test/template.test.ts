import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { expand, keyHasAll, templateProblem } from '@postern/lookup-kit'

const quote = (text: string) => text.replaceAll("'", "''")
const QUERIES: [template: string, key: string, query: string | undefined][] = [
  ['%s', 'a@b.example', 'a@b.example'],
  ['%u at %d', 'a@b.example', 'a at b.example'],
  ['%u', 'bare', 'bare'],
  ['%d', 'bare', undefined],
  ['%d', 'a@', undefined],
  ['%u', '@b.example', undefined],
  ['%s of %d', '@b.example', '@b.example of b.example'],
  ['%2.%1', 'a@b..example.', 'b.example'],
  ['%u', '"x@y"@z.example', '"x@y"'],
  ['%3.%2.%1', 'a@mail.b.example', 'mail.b.example'],
  ['%3', 'a@b.example', undefined],
  ['%1', 'bare', undefined],
  ['%S/%U/%D', 'a@b.example', 'a@b.example/a/b.example'],
  ["name = '%s'", "o'hara@b.example", "name = 'o''hara@b.example'"],
  ['100%%', 'a', '100%'],
  ['no code', 'a', 'no code'],
  ['%s', '', undefined],
]
for (const [template, value, query] of QUERIES)
  test(`query ${template} of ${value}`, () => {
    assert.is(expand(template, { value, quote }), query)
  })

const RESULTS: [template: string, value: string, key: string, result: string | undefined][] = [
  ['%s', 'box', 'a@b.example', 'box'],
  ['%s@%D', 'box', 'a@b.example', 'box@b.example'],
  ['%u', 'box@c.example', 'a@b.example', 'box'],
  ['%d/%u', 'box@c.example', 'a@b.example', 'c.example/box'],
  ['%d', 'box', 'a@b.example', undefined],
  ['%U', 'box', 'a@b.example', 'a'],
  ['%D', 'box', 'bare', undefined],
  ['%1', 'box@c.org', 'a@b.example', 'example'],
  ['%u', '@c.example', 'a@b.example', undefined],
  ['%d', 'a@', 'a@b.example', undefined],
  ['smtp:[%s]', 'host', 'a@b.example', 'smtp:[host]'],
]
for (const [template, value, key, result] of RESULTS)
  test(`result ${template} of ${value} for ${key}`, () => {
    assert.is(expand(template, { value, key }), result)
  })

const NEEDS: [format: string, key: string, has: boolean][] = [
  ['%s@%D', 'a@b.example', true],
  ['%s@%D', 'bare', false],
  ['%U', '@b.example', false],
  ['%3', 'a@b.example', false],
  ['%d %u %%D', 'bare', true],
]
for (const [format, key, has] of NEEDS)
  test(`${key} has ${has ? '' : 'not '}all that ${format} takes from it`, () => {
    assert.is(keyHasAll(format, key), has)
  })

const PROBLEMS: [string, boolean][] = [
  ['%s %u %d %1 %9 %S %U %D %%', true],
  ['%x', false],
  ['%0', false],
  ['50%', false],
]
for (const [template, fine] of PROBLEMS)
  test(`template ${template} is ${fine ? 'fine' : 'refused'}`, () => {
    assert.is(templateProblem(template) === undefined, fine)
  })
test.run()
