/** The same keys asked of Postfix, and the scenarios of the books. */
import { existsSync } from 'node:fs'
import type { OpenTable } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { postmap } from '../../../../packages/lookup-kit/test/support/postmap.ts'
import { CASES } from './cases.ts'
import { get, startRig, why } from './rig.ts'
import type { Options, Rig } from './rig.ts'

const test = suite('mysql: Postfix')
let rig: Rig
if (!why) {
  test.before(async () => {
    rig = await startRig()
    rig.db.sql(BOOKS)
  })
  test.after(() => rig.db.remove())
}
const theirs = existsSync('/usr/lib/postfix/postfix-mysql.so')

const BOOKS = `
create database maillist;
use maillist;
create table customers (alias_name varchar(30) primary key, system_name varchar(8), status varchar(15), address1 varchar(50),
  address2 varchar(50), city varchar(30), state varchar(2), zip varchar(10));
insert into customers (alias_name, system_name, status) values ('Richard.Blum', 'rich', 'paid'), ('Jessica.Blum', 'jessica', 'paid'),
  ('Katie.Blum', 'katie', 'paid'), ('Barbara.Blum', 'barbara', 'paid'), ('Dead.Beat', 'dead', 'unpaid');
create user postfix@localhost identified by 'guitar';
create user postfix@'127.0.0.1' identified by 'guitar';
grant select, insert, update on maillist.customers to postfix@localhost;
grant select, insert, update on maillist.customers to postfix@'127.0.0.1';
flush privileges;
create database aliases;
create table aliases.Postfix_aliases (alias_address varchar(60) primary key, real_address varchar(60), status varchar(15));
insert into aliases.Postfix_aliases values ('info@ispnet1.net', 'rich', 'current'), ('old@ispnet1.net', 'rich', 'gone');
create user rich@'127.0.0.1' identified by 'guitar';
grant select on aliases.* to rich@'127.0.0.1';
`
const MAILLIST = {
  user: 'postfix',
  password: 'guitar',
  dbname: 'maillist',
  table: 'customers',
  select_field: 'system_name',
  where_field: 'alias_name',
  additional_conditions: "and status = 'paid'",
}
const PAID = {
  'Richard.Blum': 'rich',
  'Jessica.Blum': 'jessica',
  'katie.blum': 'katie',
  'Dead.Beat': undefined,
  nobody: undefined,
}
const SCENARIOS: [name: string, options: () => Options, answers: Record<string, string | undefined>][] = [
  ['a list of customers, on localhost by the socket', () => ({ ...MAILLIST, hosts: `unix:${rig.db.socket}` }), PAID],
  ['a list of customers, on another machine', () => MAILLIST, PAID],
  ['the table with its database in front', () => ({ ...MAILLIST, table: 'maillist.customers' }), PAID],
  [
    'without the status',
    () => ({ ...MAILLIST, additional_conditions: '' }),
    { 'Dead.Beat': 'dead', 'Barbara.Blum': 'barbara' },
  ],
  [
    'a table of aliases',
    () => ({
      user: 'rich',
      password: 'guitar',
      dbname: 'aliases',
      table: 'Postfix_aliases',
      select_field: 'real_address',
      where_field: 'alias_address',
      additional_conditions: "and status = 'current'",
    }),
    { 'info@ispnet1.net': 'rich', 'old@ispnet1.net': undefined },
  ],
]
const same = async (table: OpenTable, keys: readonly string[]) => {
  if (!theirs) return
  for (const [key, postfix] of postmap(`mysql:${rig.file}`, keys)) {
    const answer = await get(table, key)
    assert.is(answer === undefined ? '(absent)' : answer.startsWith('! ') ? '(failed)' : answer, postfix, key)
  }
}
for (const [name, options, answers] of SCENARIOS)
  (why ? test.skip : test)(`of the books: ${name}`, () =>
    rig.with(options(), async (table) => {
      assert.is(await table.check?.(), undefined)
      for (const [key, value] of Object.entries(answers)) {
        assert.is(await get(table, key), value, key)
      }
      await same(table, Object.keys(answers))
    }),
  )
// what Postfix takes as it is, and where the version of Debian is older than an option
for (const [name, options, answers] of CASES.filter(([n]) => !/outside of quotes|character set/.test(n)))
  (why ? test.skip : test)(`postmap -q says the same: ${name}`, () =>
    rig.with(options, (table) => same(table, Object.keys(answers))),
  )
test.run()
