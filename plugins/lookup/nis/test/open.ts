/** Opens tables of the type as a node does. */
import { logger, systemClock } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import plugin from '@postern/lookup-nis'

export interface Opened {
  readonly table: OpenTable
  /** names of events with the server that they are about */
  readonly told: string[]
}
export async function open(
  spec: string | Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>> = {},
): Promise<Opened> {
  let type: TableType | undefined
  plugin.definition.apply(
    { provideNamed: (_role: unknown, _name: string, t: TableType) => (type = t) } as never,
    plugin.definition.options.parse(defaults) as never,
    {},
  )
  const told: string[] = []
  const sink = {
    enabled: () => true,
    write: (_level: string, event: string, fields: object) =>
      void told.push(`${event} ${(fields as { server: string }).server}`),
  }
  const table = await type!.open(
    { spec, where: 'test', folder: '/' },
    { log: logger(() => sink), clock: systemClock, parts: [] },
  )
  return { table, told }
}
