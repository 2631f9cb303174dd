import { logger } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import plugin from '@postern/lookup-unix'

/** A clock that stands still until it is moved. */
export const time = { now: 0 }
export const events: string[] = []
export function unix(spec: string | object, times = { foundFor: 60_000, absentFor: 10_000 }): OpenTable {
  let type: TableType | undefined
  plugin.definition.apply({ provideNamed: (_r: unknown, _n: string, t: TableType) => (type = t) } as never, times, {})
  const clock = { now: () => time.now, after: () => ({ cancel: () => undefined }) }
  const log = logger(() => ({
    enabled: () => true,
    write: (_level: unknown, event: string) => void events.push(event),
  }))
  return type!.open({ spec: spec as string, where: 'test', folder: '/' }, { clock, log } as never) as OpenTable
}
