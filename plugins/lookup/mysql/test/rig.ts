/** A server with a schema, tables in it, and what they answer. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { logger, systemClock } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import { fakeCall, missingPrograms, within } from '@postern/testkit'
import plugin from '@postern/lookup-mysql'
import { startMariaDb } from './mariadb.ts'
import type { MariaDb } from './mariadb.ts'

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
export type Options = Record<string, string | number | boolean>
export type Event = readonly [event: string, fields: Readonly<Record<string, unknown>>]

let type: TableType | undefined
plugin.definition.apply({ provideNamed: (_r: unknown, _n: string, t: TableType) => (type = t) } as never, {}, {})
const QUERY = "select goto, more from aliases where alias = '%s' order by goto desc"

export class Rig {
  readonly db: MariaDb
  events: Event[] = []
  /** the one of the table that was opened last */
  file = ''
  #files = 0
  readonly #context = {
    clock: systemClock,
    parts: [],
    log: logger(() => ({
      enabled: () => true,
      write: (_level, event, fields) => void this.events.push([event, { ...fields }]),
    })),
  }
  constructor(db: MariaDb) {
    this.db = db
  }
  /** The table by a file, as Postfix has it. */
  async open(options: Options = {}): Promise<OpenTable> {
    const basics = { hosts: `127.0.0.1:${this.db.port}`, user: 'p', password: PASSWORD, dbname: 'm' }
    const all = Object.entries({ ...basics, ...(options.table ? {} : { query: QUERY }), ...options })
    this.file = join(this.db.folder, `table${++this.#files}.cf`)
    writeFileSync(this.file, all.map(([name, value]) => `${name} = ${String(value)}\n`).join(''))
    return type!.open({ spec: this.file, where: 'test', folder: this.db.folder }, this.#context)
  }
  async with(options: Options, body: (table: OpenTable) => Promise<void>): Promise<void> {
    const table = await this.open(options)
    try {
      await body(table)
    } finally {
      await table.close?.()
    }
  }
}
export async function startRig(): Promise<Rig> {
  const db = await startMariaDb('--max-connections=30')
  db.sql(SCHEMA)
  return new Rig(db)
}
/** The value; undefined: absent; `! cause`: failed. */
export async function get(table: OpenTable, key: string, call = fakeCall()): Promise<string | undefined> {
  const answer = await within(key, Promise.resolve(table.get(key, call)), 20_000)
  return answer.kind === 'found' ? answer.value : answer.kind === 'absent' ? undefined : `! ${answer.cause}`
}
