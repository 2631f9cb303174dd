/** A Postfix folder as a configuration of Postern. */
import path from 'node:path'
import type { Config } from '@postern/core'
import { readMainCf } from '../main-cf.ts'
import type { MainCf } from '../main-cf.ts'
import { readMasterCf } from '../master-cf.ts'
import type { MasterCf } from '../master-cf.ts'
import { Parameters } from '../parameters.ts'
import { Build } from './build.ts'
import type { ImportedUse, Origin } from './build.ts'
import { listeners } from './listeners.ts'
import type { ImportedListener } from './listeners.ts'
import { CORE } from './map/core.ts'
import { REPORTS } from './map/reports.ts'
import { REWRITING } from './map/rewriting.ts'
import { ROUTING } from './map/routing.ts'
import { RELAY } from './map/smtpd.ts'
import { Reader } from './reader.ts'
import type { Mapping } from './rows.ts'
import { isTransport } from './services.ts'
import { TABLE_PLUGINS } from './tables.ts'
import { limits, transport } from './transports.ts'

export interface Imported {
  /** absolute */
  readonly folder: string
  readonly main: MainCf
  readonly master: MasterCf
  readonly parameters: Parameters
  readonly top: Readonly<Record<string, unknown>>
  readonly uses: readonly ImportedUse[]
  readonly listeners: readonly ImportedListener[]
  /** which option each parameter became */
  readonly origins: readonly Origin[]
  /** names that nobody uses, and the nearest known one (empty: none is near) */
  readonly unknown: ReadonlyMap<string, string>
  /** what is wrong in the folder, a sentence each */
  readonly problems: readonly string[]
}

/** Reads `main.cf` and `master.cf` of a folder. Throws when one of them is not there or cannot be parsed. */
export async function importFolder(folder: string): Promise<Imported> {
  const dir = path.resolve(folder)
  const [main, master] = [await readMainCf(dir), await readMasterCf(dir)]
  const parameters = new Parameters(main, [], { services: master.services })
  const r = new Reader(parameters)
  const build = new Build()
  build.core(CORE, r)
  build.use(LOG, r)
  const queue = build.uses.length
  const doors = listeners(build, master, r)
  const shared: Mapping[] = [...REWRITING, RELAY, ...ROUTING, ...REPORTS]
  for (const mapping of shared) {
    if (mapping.when && ![r, ...doors.map((door) => door.reader)].some((one) => mapping.when!(one))) continue
    const use = build.use(mapping, r)
    if (mapping.perListener) for (const door of doors) build.onListener(use, mapping, r, door.name, door.reader)
  }
  const transports = master.services.filter(isTransport)
  for (const service of transports) transport(build, service, r)
  limits(build, transports, r)
  // its default
  if (build.uses.some(({ plugin }) => plugin === 'route-local')) r.tableTypes.add('unix')
  build.uses.splice(queue, 0, ...tablePlugins(r))
  return {
    folder: dir,
    main,
    master,
    parameters,
    top: build.top,
    uses: build.uses,
    listeners: doors,
    origins: build.origins,
    unknown: new Map(),
    problems: build.problems,
  }
}

const LOG: Mapping = {
  plugin: 'ops-log',
  rows: [{ parameter: 'maillog_file', option: 'file', as: (r, name) => r.text(name) || undefined }],
}

/** The plugins of all types that a table of the folder has: names in tables' texts (`proxy:`) are noted as they are read. */
function tablePlugins(r: Reader): ImportedUse[] {
  const types = new Set([...r.tableTypes, 'hash', 'static', 'inline'])
  const plugins = new Set(['lookup-dns'])
  for (const type of types) {
    const plugin = TABLE_PLUGINS[type]
    if (plugin !== undefined) plugins.add(plugin)
  }
  if (r.tableTypes.has('proxy')) plugins.add('lookup-compose')
  return [...plugins].sort().map((plugin) => ({ plugin, options: {} }))
}

/** As the configuration's loader takes it. */
export function configOf({ top, uses }: Imported): Config {
  return {
    ...top,
    plugins: uses.map(({ plugin, as, options, onListener }) => ({
      [plugin]: options,
      ...(as !== undefined && { as }),
      ...(onListener && { onListener }),
    })),
  } as Config
}
