/** `domain` with tables in it, in a file as Postfix has it: opened by the core, and the same keys asked of postmap. */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TableDesk, loadConfig, silentSink } from '@postern/core'
import { fakeCall, missingPrograms, programPath, tempFolder } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import compose from '@postern/lookup-compose'
import hash from '@postern/lookup-hash'
import inline from '@postern/lookup-inline'
import sqlite from '@postern/lookup-sqlite'
import { writeOld } from '../../../../packages/lookup-kit/test/support/old-file.ts'
import { postmap } from '../../../../packages/lookup-kit/test/support/postmap.ts'

const why = missingPrograms('sqlite3')
const theirs = existsSync('/usr/lib/postfix/postfix-sqlite.so') && programPath('postmap') !== undefined
const test = suite('sqlite: tables in domain')
const it = why ? test.skip : test
const folder = await tempFolder('domain')
const at = (name: string) => join(folder.path, name)
const ADDRESSES = ['a@one.example', 'a@TWO.example', 'a@three.example', 'a@four.example']
const KEYS = [...ADDRESSES, 'bare', 'one.example', '@one.example']
let desk: TableDesk
test.before(async () => {
  if (why) return
  execFileSync('sqlite3', [at('db')], { input: 'create table t (k text);' })
  writeOld(at('domains'), 'one.example x\ntwo.example\ty\n')
  writeFileSync(at('list'), `# some\n!four.example\ntexthash:${at('domains')}\n`)
  const config = { plugins: [sqlite(), hash(), inline(), compose()] }
  desk = await TableDesk.open(await loadConfig({ config: config as never }), { log: silentSink })
})
test.after(async () => {
  if (!why) await desk.close()
  await folder.remove()
})
/** `domain`, and the keys that are found; none: every address fails */
const CASES: [domain: () => string, found: string[] | undefined][] = [
  [() => `texthash:${at('domains')}`, ['a@one.example', 'a@TWO.example']],
  [() => `three.example, texthash:${at('domains')}`, ['a@one.example', 'a@TWO.example', 'a@three.example']],
  [() => `!two.example texthash:${at('domains')}`, ['a@one.example']],
  [() => `!texthash:${at('domains')} three.example one.example`, ['a@three.example']],
  [() => `${at('list')} four.example three.example`, ['a@one.example', 'a@TWO.example', 'a@three.example']],
  [() => 'inline:{one.example=1}', ['a@one.example']],
  [() => 'fail:away', undefined],
]
const open = (name: string, domain: string) => {
  writeOld(at(name), `dbpath = ${at('db')}\nquery = select '%s'\ndomain = ${domain}\n`)
  return desk.table(`sqlite:${at(name)}`, '/')
}
for (const [i, [domain, found]] of CASES.entries())
  it(`domain ${i}`, async () => {
    const table = await open(`t${i}.cf`, domain())
    assert.is(table.problem, undefined)
    const said = theirs ? postmap(`sqlite:${at(`t${i}.cf`)}`, KEYS) : undefined
    for (const key of KEYS) {
      const answer = await table.get(key, fakeCall())
      const failing = found === undefined && ADDRESSES.includes(key)
      assert.is(answer.kind, failing ? 'failed' : found?.includes(key) ? 'found' : 'absent', key)
      if (answer.kind === 'found') assert.is(answer.value, key.toLowerCase())
      // one that fails ends `postmap -q -`: what it would say of the keys behind it is not known
      const expected = found === undefined ? '(failed)' : answer.kind === 'found' ? answer.value : '(absent)'
      if (said) assert.is(said.get(key), expected, `postmap: ${key}`)
    }
  })
it('a table that comes later counts without a restart; one of a type that there is not is told', async () => {
  const table = await open('changed.cf', `hash:${at('changing')}`)
  assert.is((await table.get('a@new.example', fakeCall())).kind, 'failed', 'the file of domains is not there')
  writeOld(at('changing'), 'new.example x\n')
  await new Promise((go) => setTimeout(go, 1100))
  assert.is((await table.get('a@new.example', fakeCall())).kind, 'found')
  await open('bad.cf', 'hahs:x').then(
    () => assert.unreachable('an unknown type'),
    (error: Error) => assert.match(error.message, /no plugin provides tables of the type "hahs"/),
  )
})
test.run()
