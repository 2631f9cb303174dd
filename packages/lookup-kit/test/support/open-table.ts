/** Opens tables of a plugin as a node does. */
import { logger, systemClock } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'

export interface Opened {
  readonly table: OpenTable
  /** names of events with the server that they are about */
  readonly told: string[]
}
export type Open = (
  spec: string | Readonly<Record<string, unknown>>,
  defaults?: Readonly<Record<string, unknown>>,
) => Promise<Opened>
/** as far as it is of use here */
interface Plugin {
  readonly definition: {
    readonly options: { parse(value: unknown): unknown }
    apply(mta: never, options: never, needs: never): void
  }
}

/** The first type that a plugin provides. */
export function typeOf({ definition }: Plugin, options: unknown = {}): TableType {
  const types: TableType[] = []
  const mta = { provideNamed: (_role: unknown, _name: string, type: TableType) => types.push(type) }
  definition.apply(mta as never, definition.options.parse(options) as never, {} as never)
  return types[0]!
}
export const opener =
  (plugin: Plugin): Open =>
  async (spec, defaults = {}) => {
    const told: string[] = []
    const sink = {
      enabled: () => true,
      write: (_level: string, event: string, fields: object) =>
        void told.push(`${event} ${(fields as { server: string }).server}`),
    }
    const source = { spec, where: 'test', folder: '/' }
    const context = { log: logger(() => sink), clock: systemClock, parts: [] }
    return { table: await typeOf(plugin, defaults).open(source, context), told }
  }
