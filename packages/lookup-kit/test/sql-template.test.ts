import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SqlTemplate, sqlQuery } from '@postern/lookup-kit'
import type { SqlDialect } from '@postern/lookup-kit'

const MY: SqlDialect = { mysql: true }
const PG: SqlDialect = { postgres: true }
const EVIL = 'o\'h"a\\x`y'
/** template, dialect, is a backslash special, the query for EVIL */
const SAFE: [template: string, dialect: SqlDialect, backslash: boolean, query: string][] = [
  ["a = '%s'", {}, false, `a = 'o''h"a\\x\`y'`],
  ["a = '%s'", MY, true, `a = 'o''h"a\\\\x\`y'`],
  ["a = '%s'", MY, false, `a = 'o''h"a\\x\`y'`],
  ['a = "%s"', MY, true, `a = "o'h""a\\\\x\`y"`],
  ['from `%s`', MY, true, 'from `o\'h"a\\x``y`'],
  ["a = E'%s'", PG, false, `a = E'o''h"a\\\\x\`y'`],
  ["a = ue'%s'", PG, false, `a = ue'o''h"a\\x\`y'`],
  ['from "%s"', PG, false, `from "o'h""a\\x\`y"`],
  ["'it''s %s'", {}, false, `'it''s o''h"a\\x\`y'`],
  ["'it\\'s' '%s'", MY, true, `'it\\'s' 'o''h"a\\\\x\`y'`],
  ["'\\\\%s'", MY, true, `'\\\\o''h"a\\\\x\`y'`],
  ["a like '\\%%' or b = '%s'", MY, true, `a like '\\%' or b = 'o''h"a\\\\x\`y'`],
  ["-- it's\na = '%s' /* it's */", {}, false, `-- it's\na = 'o''h"a\\x\`y' /* it's */`],
  ["# it's\na = '%s'", MY, true, `# it's\na = 'o''h"a\\\\x\`y'`],
  ["$$it's$$ || '%s'", PG, false, `$$it's$$ || 'o''h"a\\x\`y'`],
  ['a %% 2', {}, false, 'a % 2'],
]
for (const [template, dialect, backslash, query] of SAFE)
  test(`${template} ${JSON.stringify(dialect)} ${backslash}`, () => {
    assert.is(new SqlTemplate(template, dialect, backslash).fill(EVIL), query)
  })

const REFUSED: [template: string, dialect: SqlDialect, problem: RegExp][] = [
  ['a = %s', {}, /%s must stand in quotes/],
  ["a = '%s' and b = %d", {}, /%d must stand in quotes/],
  ["-- '%s'", {}, /must stand in quotes/],
  ["# '%s'", MY, /must stand in quotes/],
  ["/*! '%s' */", MY, /comment/],
  ["/* /* */ '%s' */", PG, /comment/],
  ["/* '%s' ", {}, /comment/],
  ['$$%s$$', PG, /must stand in quotes/],
  ['`%s`', {}, /must stand in quotes/],
  ["a = '%s", {}, /not closed/],
  ["'\\%s'", MY, /a backslash in front of %s/],
  ["'\\\\\\%s'", MY, /a backslash in front of %s/],
  ["E'\\%s'", PG, /a backslash in front of %s/],
]
for (const [template, dialect, problem] of REFUSED)
  test(`${template} ${JSON.stringify(dialect)} is refused`, () => {
    assert.throws(() => new SqlTemplate(template, dialect, dialect.mysql === true), problem)
  })
test('what the key has not is no query', () => {
  assert.is(new SqlTemplate("'%s' '%d'", {}, false).fill('bare'), undefined)
  assert.is(new SqlTemplate("'%d'", {}, false).fill("a@b'c"), "'b''c'")
})
test('the old options make a query', () => {
  const old = { query: '', table: 't', selectField: 'a', whereField: 'b', additionalConditions: "and c = 'x'" }
  assert.is(sqlQuery(old), "SELECT a FROM t WHERE b='%s' and c = 'x'")
  assert.is(sqlQuery({ ...old, query: 'q' }), 'q')
  assert.throws(() => sqlQuery({ ...old, whereField: '' }), /where_field: is missing/)
})
test.run()
