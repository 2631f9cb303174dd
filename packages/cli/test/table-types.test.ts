/** Which package provides which type of table: the list against what the packages really provide. */
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { TableDesk, loadConfig, silentSink } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Tables, UnknownType } from '../src/commands/table/tables.ts'
import { BUNDLED } from '../src/commands/table/types.ts'

const PLUGINS = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../plugins/lookup')
const configured = (...plugins: string[]) =>
  loadConfig({ config: { myhostname: 'h.example', plugins }, folder: tmpdir() })

const types = suite('bundled types')
for (const name of readdirSync(PLUGINS)) {
  // the resolver
  if (name === 'dns') continue
  types(`lookup-${name}`, async () => {
    const desk = await TableDesk.open(await configured(path.join(PLUGINS, name, 'dist/index.js')), { log: silentSink })
    const listed = [...BUNDLED].filter(([, p]) => p === `@postern/lookup-${name}`).map(([type]) => type)
    assert.equal(desk.types(), listed.sort())
    await desk.close()
  })
}
types('every type that Postfix users bring', () => {
  const wanted =
    'hash btree dbm texthash lmdb cdb regexp pcre cidr unix environ mysql pgsql sqlite ldap nis redis memcache socketmap tcp ' +
    'http proxy pipemap unionmap randmap fail cache static inline'
  assert.equal(
    wanted.split(' ').filter((type) => !BUNDLED.has(type)),
    [],
  )
})
types('a package that is not installed is named', async () => {
  const tables = new Tables(await configured(), { log: silentSink, resolveFrom: [] })
  try {
    await tables.open('mysql:x', tmpdir())
    assert.unreachable()
  } catch (error) {
    assert.instance(error, UnknownType)
    assert.is((error as UnknownType).package, '@postern/lookup-mysql')
    assert.is((error as Error).message, 'no plugin provides tables of the type "mysql": install @postern/lookup-mysql')
  }
  await tables.close()
})
types.run()
