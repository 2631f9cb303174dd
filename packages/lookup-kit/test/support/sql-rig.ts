/** A server with a schema, tables in it, and what they answer. */
import { join } from 'node:path'
import { logger, systemClock } from '@postern/core'
import type { OpenTable, Table, TableType } from '@postern/core'
import { fakeCall, within } from '@postern/testkit'
import { writeOld } from './old-file.ts'

export type Options = Record<string, string | number | boolean>
export type Event = readonly [event: string, fields: Readonly<Record<string, unknown>>]
/** A server of one's own, stopped, killed and started again by its pid. */
export interface Database {
  readonly port: number
  readonly folder: string
  /** SQL as the superuser; answers the rows as text */
  sql(text: string): string
  /** to all its processes */
  kill(signal: NodeJS.Signals): void
  start(): Promise<void>
  /** ends at once, waits for the end */
  stop(): Promise<void>
  remove(): Promise<void>
}
export class SqlRig<D extends Database = Database> {
  readonly db: D
  events: Event[] = []
  /** the one of the table that was opened last */
  file = ''
  /** what tables that are made of others are given */
  parts: readonly Table[] = []
  readonly #type: TableType
  readonly #options: (own: Options) => Options
  #files = 0

  /** `options`: those that a table has beside its own */
  constructor(db: D, type: TableType, options: (own: Options) => Options) {
    this.db = db
    this.#type = type
    this.#options = options
  }
  /** The table by a file, as Postfix has it. */
  async open(own: Options = {}): Promise<OpenTable> {
    const all = Object.entries({ hosts: `127.0.0.1:${this.db.port}`, ...this.#options(own), ...own })
    this.file = join(this.db.folder, `table${++this.#files}.cf`)
    writeOld(this.file, all.map(([name, value]) => `${name} = ${String(value)}\n`).join(''))
    const source = { spec: this.file, where: 'test', folder: this.db.folder }
    return this.#type.open(source, { clock: systemClock, parts: this.parts, log: logger(() => this.#sink) })
  }
  async with(own: Options, body: (table: OpenTable) => Promise<void>): Promise<void> {
    const table = await this.open(own)
    try {
      await body(table)
    } finally {
      await table.close?.()
    }
  }
  readonly #sink = {
    enabled: () => true,
    write: (_level: string, event: string, fields: object) => void this.events.push([event, { ...fields }]),
  }
}
/** The value; undefined: absent; `! cause`: failed. */
export async function get(table: OpenTable, key: string, call = fakeCall()): Promise<string | undefined> {
  const answer = await within(key, Promise.resolve(table.get(key, call)), 20_000)
  return answer.kind === 'found' ? answer.value : answer.kind === 'absent' ? undefined : `! ${answer.cause}`
}
