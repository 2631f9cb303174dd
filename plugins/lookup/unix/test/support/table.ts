import type { OpenTable, TableType } from '@postern/core'
import plugin from '@postern/lookup-unix'

/** A clock that stands still until it is moved. */
export const time = { now: 0 }
export function unix(spec: string | object, times = { foundFor: 60_000, absentFor: 10_000 }): OpenTable {
  let type: TableType | undefined
  plugin.definition.apply({ provideNamed: (_r: unknown, _n: string, t: TableType) => (type = t) } as never, times, {})
  const clock = { now: () => time.now, after: () => ({ cancel: () => undefined }) }
  return type!.open({ spec: spec as string, where: 'test', folder: '/' }, { clock } as never) as OpenTable
}
