import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logger } from '@postern/core'
import type { Lookup, OpenTable, TableType } from '@postern/core'
import { fakeCall } from '@postern/testkit'
import plugin from '@postern/lookup-hash'

/** A folder with table types that look at their files by a clock of its own. */
export class Desk {
  readonly folder = fs.mkdtempSync(join(tmpdir(), 'hash-'))
  readonly events: [string, Record<string, unknown>][] = []
  readonly types = new Map<string, TableType>()
  now = 0
  readonly context = {
    clock: { now: () => this.now, after: () => ({ cancel: () => undefined }) },
    parts: [],
    log: logger(() => ({
      enabled: () => true,
      write: (_l: unknown, event: string, fields: object) => void this.events.push([event, { ...fields }]),
    })),
  }
  #age = 10_000

  constructor(indexAbove = 8_388_608) {
    const provideNamed = (_role: unknown, name: string, type: TableType) => void this.types.set(name, type)
    plugin.definition.apply({ provideNamed } as never, { indexAbove }, {})
  }
  path(name = 'table'): string {
    return join(this.folder, name)
  }
  source(spec: string | object) {
    return { spec: spec as string, where: 'test', folder: this.folder }
  }
  /** Each write is in the past and later than the last one, as if an operator had been there in between. */
  write(text: string | Buffer, name = 'table'): void {
    fs.writeFileSync(this.path(name), text)
    fs.utimesSync(this.path(name), Date.now() / 1000 - this.#age, Date.now() / 1000 - --this.#age)
  }
  read(name = 'table'): string {
    return fs.readFileSync(this.path(name), 'utf8')
  }
  files(): string[] {
    return fs.readdirSync(this.folder).sort()
  }
  async open(spec: string | object = 'table', type = 'hash'): Promise<OpenTable> {
    return this.types.get(type)!.open(this.source(spec), this.context)
  }
  build(spec: string | object = 'table') {
    return this.types.get('hash')!.build!(this.source(spec), this.context)
  }
  edit(changes: Parameters<NonNullable<TableType['edit']>>[1], spec: string | object = 'table') {
    return this.types.get('hash')!.edit!(this.source(spec), changes, this.context)
  }
  names(): string[] {
    return this.events.map(([name]) => name).filter((name) => name !== 'table.loaded')
  }
  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}
export const get = async (table: OpenTable, key: string): Promise<Lookup> => table.get(key, fakeCall())
export async function all(table: OpenTable): Promise<(readonly [string, string])[]> {
  const entries: (readonly [string, string])[] = []
  for await (const one of table.entries!()) entries.push(one)
  return entries
}
