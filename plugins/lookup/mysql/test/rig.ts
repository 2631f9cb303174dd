/** A server with a schema, tables in it, and what they answer. */
import { missingPrograms } from '@postern/testkit'
import plugin from '@postern/lookup-mysql'
import { typeOf } from '../../../../packages/lookup-kit/test/support/open-table.ts'
import { SqlRig } from '../../../../packages/lookup-kit/test/support/sql-rig.ts'
import { startMariaDb } from './mariadb.ts'
import type { MariaDb } from './mariadb.ts'

export { get } from '../../../../packages/lookup-kit/test/support/sql-rig.ts'
export type { Options } from '../../../../packages/lookup-kit/test/support/sql-rig.ts'
export const PASSWORD = 'gui-tar-7'
export const SCHEMA = `
create database m;
create user p@'127.0.0.1' identified by '${PASSWORD}';
create user p@localhost identified by '${PASSWORD}';
create user few@'127.0.0.1' identified by '${PASSWORD}' with max_user_connections 2;
grant select, execute on m.* to p@'127.0.0.1', p@localhost, few@'127.0.0.1';
use m;
create table aliases (alias varchar(80) character set utf8mb4, goto varchar(80), more varchar(80), n int(5) zerofill);
insert into aliases values ('joe@site.example', 'joe', null, 7), ('two@site.example', 'a@b.example', 'c', 1),
  ('two@site.example', '', 'd', 2), ('x@ünï.example', 'ümläut', null, 1), ("o'hara@site.example", 'o', null, 1),
  ('back\\\\slash@site.example', 'b', null, 1);
create table many (alias varchar(20), goto varchar(20));
insert into many select 'many', concat('user', seq) from seq_1_to_10000;
create procedure one(k varchar(80)) select goto from aliases where alias = k;
delimiter //
create procedure two(k varchar(80)) begin select 'a'; select 'b'; end //
create procedure none(k varchar(80)) begin declare x int; set x = 1; end //
delimiter ;
`

export const why = missingPrograms('mariadbd', 'mariadb', 'mariadb-install-db')
export type Rig = SqlRig<MariaDb>

const QUERY = "select goto, more from aliases where alias = '%s' order by goto desc"
export const rigOf = (db: MariaDb): Rig =>
  new SqlRig(db, typeOf(plugin), (own) => ({
    ...{ user: 'p', password: PASSWORD, dbname: 'm' },
    ...(own.table === undefined && { query: QUERY }),
  }))
export async function startRig(...more: string[]): Promise<Rig> {
  const db = await startMariaDb('--max-connections=30', ...more)
  db.sql(SCHEMA)
  return rigOf(db)
}
