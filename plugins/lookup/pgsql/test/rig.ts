/** A server with a schema, tables in it, and what they answer. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { logger, systemClock } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import { fakeCall, missingPrograms, within } from '@postern/testkit'
import plugin from '@postern/lookup-pgsql'
import { postgresPath, startPostgres } from './postgres.ts'
import type { Postgres } from './postgres.ts'

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
export type Options = Record<string, string | number | boolean>
export type Event = readonly [event: string, fields: Readonly<Record<string, unknown>>]

let type: TableType | undefined
plugin.definition.apply({ provideNamed: (_r: unknown, _n: string, t: TableType) => (type = t) } as never, {}, {})
const QUERY = "select goto, more from aliases where alias = '%s' order by goto desc"

export class Rig {
  readonly db: Postgres
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
  constructor(db: Postgres) {
    this.db = db
  }
  /** The table by a file, as Postfix has it. */
  async open(options: Options = {}): Promise<OpenTable> {
    const basics = { hosts: `127.0.0.1:${this.db.port}`, user: 'p', password: PASSWORD, dbname: 'm' }
    const old = options.table ?? options.select_function
    const all = Object.entries({ ...basics, ...(old ? {} : { query: QUERY }), ...options })
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
  const db = await startPostgres('max_connections=20')
  db.sql(SCHEMA)
  return new Rig(db)
}
/** The value; undefined: absent; `! cause`: failed. */
export async function get(table: OpenTable, key: string, call = fakeCall()): Promise<string | undefined> {
  const answer = await within(key, Promise.resolve(table.get(key, call)), 20_000)
  return answer.kind === 'found' ? answer.value : answer.kind === 'absent' ? undefined : `! ${answer.cause}`
}
