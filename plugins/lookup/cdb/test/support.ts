import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logger } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import plugin from '@postern/lookup-cdb'

/** A folder with a table type that looks at its files by a clock of its own. */
export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'cdb-'))
  readonly events: [string, Record<string, unknown>][] = []
  now = 0
  readonly context = {
    clock: { now: () => this.now, after: () => ({ cancel: () => undefined }) },
    parts: [],
    log: logger(() => ({
      enabled: () => true,
      write: (_l: unknown, event: string, fields: object) => void this.events.push([event, { ...fields }]),
    })),
  }
  readonly type: TableType
  constructor() {
    let type: TableType | undefined
    plugin.definition.apply({ provideNamed: (_r: unknown, _n: string, t: TableType) => (type = t) } as never, {}, {})
    this.type = type!
  }
  path(name: string): string {
    return join(this.folder, name)
  }
  source(spec: string | object) {
    return { spec: spec as string, where: 'test', folder: this.folder }
  }
  async open(spec: string | object = 'table'): Promise<OpenTable> {
    return this.type.open(this.source(spec), this.context)
  }
  build(spec: string | object = 'table') {
    return this.type.build!(this.source(spec), this.context)
  }
  names(): string[] {
    return this.events.map(([name]) => name).filter((name) => name !== 'table.loaded')
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
