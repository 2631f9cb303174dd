/** Opens tables for tests, by the type that the plugin provides. */
import { logger } from '@postern/core'
import type { Clock, Lookup, OpenTable, TableType, TableUse } from '@postern/core'
import plugin from '@postern/lookup-regexp'
import { fakeCall } from '@postern/testkit'

export type Event = readonly [name: string, fields: Record<string, unknown>]
export interface Opened {
  readonly table: OpenTable
  readonly events: Event[]
  get(key: string): Promise<Lookup>
  /** moves the table's clock, ms */
  pass(ms: number): void
  /** `line: what` of each warning about a line */
  problems(): string[]
}

/** The plugin chooses by this what searches; `auto` is what an installation has. */
export const engine = (process.env.REGEXP_ENGINE ?? 'auto') as 'auto' | 're2' | 're2js'

export async function open(
  type: string,
  spec: unknown,
  folder = '/',
  options: object = { engine },
  use: TableUse = {},
): Promise<Opened> {
  const types = new Map<string, TableType>()
  plugin.definition.apply(
    { provideNamed: (_role: unknown, name: string, t: TableType) => types.set(name, t) } as never,
    options as never,
    {},
  )
  let now = 0
  const clock: Clock = { now: () => now, after: () => ({ cancel: () => undefined }) }
  const events: [string, Record<string, unknown>][] = []
  const log = logger(() => ({ enabled: () => true, write: (_l, event, f) => void events.push([event, { ...f }]) }))
  const source = { spec: spec as string, where: 'test', folder, ...use }
  const table = await types.get(type)!.open(source, { clock, log, parts: [] })
  return {
    table,
    events,
    get: async (key) => table.get(key, fakeCall()),
    pass: (ms) => void (now += ms),
    problems: () =>
      events.filter(([name]) => name === 'table.line').map(([, f]) => `${String(f.line)}: ${String(f.problem)}`),
  }
}
