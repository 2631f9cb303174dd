/** A server with a schema, tables in it, and what they answer. */
import { missingPrograms } from '@postern/testkit'
import plugin from '@postern/lookup-pgsql'
import { typeOf } from '../../../../packages/lookup-kit/test/support/open-table.ts'
import { SqlRig } from '../../../../packages/lookup-kit/test/support/sql-rig.ts'
import { postgresPath, startPostgres } from './postgres.ts'
import type { Postgres, PostgresOptions } from './postgres.ts'

export { get } from '../../../../packages/lookup-kit/test/support/sql-rig.ts'
export type { Options } from '../../../../packages/lookup-kit/test/support/sql-rig.ts'
export const PASSWORD = 'gui-tar-7'
export const SCHEMA = `
create role p login password '${PASSWORD}';
create role few login password '${PASSWORD}' connection limit 2;
create database m;
\\c m
create table aliases (alias text, goto text, more text, n int);
insert into aliases values ('joe@site.example', 'joe', null, 7), ('two@site.example', 'a@b.example', 'c', 1),
  ('two@site.example', '', 'd', 2), ('x@ünï.example', 'ümläut', null, 1), ('o''hara@site.example', 'o', null, 1),
  ('back\\slash@site.example', 'b', null, 1);
create table many (alias text, goto text);
insert into many select 'many', 'user' || i from generate_series(1, 10000) i;
create function one(k text) returns setof text language sql as 'select goto from aliases where alias = k';
grant select on aliases, many to p, few;
`
export const why = missingPrograms(postgresPath('postgres'), 'psql', 'setpriv')
export type Rig = SqlRig<Postgres>

const QUERY = "select goto, more from aliases where alias = '%s' order by goto desc"
export const rigOf = (db: Postgres): Rig =>
  new SqlRig(db, typeOf(plugin), (own) => ({
    ...{ user: 'p', password: PASSWORD, dbname: 'm' },
    ...((own.table ?? own.select_function) === undefined && { query: QUERY }),
  }))
export async function startRig(options?: PostgresOptions): Promise<Rig> {
  const db = await startPostgres(options)
  db.sql(SCHEMA)
  return rigOf(db)
}
