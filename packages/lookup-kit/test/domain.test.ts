import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { absent, failed, found } from '@postern/core'
import type { Lookup, Table } from '@postern/core'
import { fakeCall, tempFolder } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DomainFilter, domainParts } from '@postern/lookup-kit'

const { path: folder } = await tempFolder()
writeFileSync(join(folder, 'domains'), '# more\nC.example, !d.example\n')
writeFileSync(join(folder, 'mixed'), 'e.example\nhash:/etc/Domains !inline:x ./domains\n')
writeFileSync(join(folder, 'circle'), './circle\n')

/** A table of domains: what it is asked, and what it says; `later`: not at once. */
function table(name: string, answers: Record<string, Lookup>, later = false): Table & { readonly asked: string[] } {
  const asked: string[] = []
  const get = (key: string) => {
    asked.push(key)
    const answer = answers[key] ?? absent()
    return later ? Promise.resolve(answer) : answer
  }
  return { name, pattern: false, asked, get }
}
const look = async (list: readonly string[], tables: readonly Table[], key: string) => {
  const answer = await new DomainFilter(list, folder, tables).look(key, fakeCall(), () => found('asked'))
  return answer.kind === 'found' ? answer.value : answer.kind === 'absent' ? 'absent' : `${answer.why}: ${answer.cause}`
}
/** what the list is, the key, what comes out */
const plain: [string[], Record<string, string>][] = [
  [[], { anything: 'asked', 'a@b.example': 'asked', '@b': 'asked' }],
  [
    ['b.example', './domains'],
    { 'a@b.example': 'asked', 'a@B.EXAMPLE': 'asked', 'a@c.example': 'asked', 'a@d.example': 'absent', a: 'absent' },
  ],
  [['b.example'], { 'b.example': 'absent', '@b.example': 'absent', 'a@x.b.example': 'absent', 'a@': 'absent' }],
  [
    ['!b.example', 'b.example', './domains', 'd.example'],
    { 'a@b.example': 'absent', 'a@c.example': 'asked', 'a@d.example': 'absent' },
  ],
]
for (const [list, answers] of plain)
  test(`domain = ${list.join(' ')}`, async () => {
    for (const [key, expected] of Object.entries(answers)) assert.is(await look(list, [], key), expected, key)
  })

for (const later of [false, true])
  test(`tables of domains${later ? ' that answer later' : ''}: the first that matches counts`, async () => {
    const tables = [
      table('hash:/Yes', { 'b.example': found(''), 'bad.example': failed('away') }, later),
      table('hash:no', { 'c.example': found('x'), 'worse.example': failed('wrong', 'misconfigured') }, later),
    ]
    const list = ['first.example', 'hash:/Yes', '!hash:no', 'c.example', 'd.example']
    for (const [key, expected] of [
      ['a@first.example', 'asked'],
      ['a@B.example', 'asked'],
      ['a@c.example', 'absent'],
      ['a@d.example', 'asked'],
      ['a@e.example', 'absent'],
      ['a@bad.example', 'retry: domain: away'],
      ['a@worse.example', 'misconfigured: domain: wrong'],
      ['bare', 'absent'],
      ['@b.example', 'absent'],
    ] as const)
      assert.is(await look(list, tables, key), expected, key)
    assert.not(tables[0]!.asked.includes('first.example'), 'asked only when it is its turn')
    assert.equal(tables[1]!.asked, ['c.example', 'd.example', 'e.example', 'worse.example'])
  })
test('the tables that a definition names: in an object, in its file, in files within', () => {
  writeFileSync(join(folder, 'table.cf'), 'hosts = x\ndomain = b.example, ./mixed\n  cdb:y cdb:y\n')
  const parts = (spec: string | Record<string, unknown>) => domainParts({ spec, where: 'test', folder })
  assert.equal(parts({ domain: ['hash:/X', '!cdb:y', 'b.example'] }), ['hash:/X', 'cdb:y'])
  assert.equal(parts({ domain: 'hash:/X b.example' }), ['hash:/X'])
  assert.equal(parts('table.cf'), ['hash:/etc/Domains', 'inline:x', 'cdb:y'])
  for (const none of ['nosuch.cf', {}, { domain: 5 }, { domain: './nosuch' }, { domain: './circle' }])
    assert.equal(parts(none), [])
})
for (const [list, problem] of [
  [['./nosuch'], /ENOENT/],
  [['./circle'], /too many files within files/],
  [['!./domains'], /cannot be taken out as a whole/],
  [['hash:new'], /domain: hash:new was not named/],
] as const)
  test(`bad: ${list.join(' ')}`, () => assert.throws(() => new DomainFilter(list, folder, []), problem))
test.run()
