/** Table type `unix`: `unix:passwd.byname` and `unix:group.byname`, the system's users and groups. */
import { definePlugin, duration, failed, nearest, tableTypes } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import { z } from 'zod'
import { Getent } from './getent.ts'
import type { NameDatabase } from '@postern/processes/name-services'
import { UnixTable } from './table.ts'
import type { Times } from './table.ts'

const MAPS: ReadonlyMap<string, NameDatabase> = new Map([
  ['passwd.byname', 'passwd'],
  ['group.byname', 'group'],
])
const tableOptions = z.strictObject({
  map: z.enum([...MAPS.keys()]).describe('users (`passwd.byname`) or groups (`group.byname`) of the system'),
})
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { unix: tableOptions }

const typeWith = (times: Times): TableType => ({
  options: tableOptions,
  open({ spec }, context): OpenTable {
    const map = typeof spec === 'string' ? spec : Object.keys(spec).length === 1 ? String(spec.map) : ''
    const database = MAPS.get(map)
    if (database) return new UnixTable(`unix:${map}`, new Getent(database), context, times)
    const near = nearest(map, [...MAPS.keys()])
    const problem = `unix table: need ${[...MAPS.keys()].map((m) => `"unix:${m}"`).join(' or ')}`
    const whole = near === undefined ? problem : `${problem}; did you mean ${near}?`
    return { get: () => failed(whole, 'misconfigured'), check: () => whole }
  },
})

export default definePlugin({
  name: 'lookup-unix',
  options: z.strictObject({
    foundFor: duration().prefault('60s').describe('how long a user or group that was found is believed'),
    absentFor: duration().prefault('10s').describe('how long a name that is not there is believed not to be'),
  }),
  provides: [tableTypes],
  apply(mta, times) {
    mta.provideNamed(tableTypes, 'unix', typeWith(times))
  },
})
