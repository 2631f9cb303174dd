/** Opens a table as the core does, and keeps what it logs. */
import { logger, systemClock } from '@postern/core'
import type { Call, Lookup, OpenTable, TableType } from '@postern/core'
import { fakeCall } from '@postern/testkit'
import plugin from '@postern/lookup-ldap'

export interface Opened extends Required<Pick<OpenTable, 'get' | 'stats'>> {
  check(): Promise<string | undefined>
  close(): Promise<void>
  ask(key: string, call?: Partial<Call>): Promise<Lookup>
  /** `event problem` of each line */
  readonly log: string[]
}
export async function open(
  spec: string | object,
  { folder = '/', mainCf }: { folder?: string; mainCf?: string } = {},
): Promise<Opened> {
  let type: TableType | undefined
  const mta = { provideNamed: (_role: unknown, _name: string, made: TableType) => void (type = made) }
  plugin.definition.apply(mta as never, { mainCf } as never, {})
  const log: string[] = []
  const context = {
    clock: systemClock,
    parts: [],
    log: logger(() => ({
      enabled: () => true,
      write: (_level, event, fields) => void log.push(`${event} ${JSON.stringify(fields)}`),
    })),
  }
  const table = await type!.open({ spec: spec as string, where: 'test', folder }, context)
  const ask = async (key: string, call: Partial<Call> = {}) => table.get(key, fakeCall(call))
  return {
    get: (key, call) => table.get(key, call),
    check: async () => table.check?.(),
    close: async () => table.close?.(),
    stats: () => table.stats?.() ?? {},
    ask,
    log,
  }
}
