/** A Postfix folder as a configuration of Postern. */
import path from 'node:path'
import type { Config } from '@postern/core'
import { readMainCf } from '../main-cf.ts'
import type { MainCf } from '../main-cf.ts'
import { readMasterCf } from '../master-cf.ts'
import type { MasterCf } from '../master-cf.ts'
import { Parameters } from '../parameters.ts'
import { problemsIn } from '../check.ts'
import type { Problem } from '../problem.ts'
import { unknownNames } from '../unknown.ts'
import { ALIASES_WAIT, REQUIRED, ROUTING } from './map/routing.ts'
import { Build } from './build.ts'
import type { ImportedUse, Origin } from './build.ts'
import { listeners } from './listeners.ts'
import type { ImportedListener } from './listeners.ts'
import { CORE } from './map/core.ts'
import { LOCAL } from './map/mailboxes.ts'
import { log } from './map/log.ts'
import type { Named } from './map/log.ts'
import { REPORTS } from './map/reports.ts'
import { REWRITING } from './map/rewriting.ts'
import { RELAY } from './map/smtpd.ts'
import { processLimits } from './process-limits.ts'
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
  /** what is wrong in the files; where one is fatal, Postfix does not start */
  readonly wrong: readonly Problem[]
  /** values that could not be read, a sentence each */
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
  // local(8) knows no least id; that of virtual(8) is an option of its own
  build.top.users = { ...(build.top.users as object | undefined), minimumUid: 1 }
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
  processLimits(build, transports)
  if (build.uses.some(({ plugin }) => plugin === 'route-local')) besideLocal(build, r)
  commandsWait(build, r)
  const readers = [r, ...master.services.map((service) => r.forService(service))]
  if (readers.some((one) => one.text('content_filter') !== '')) filterWaits(build, r)
  log(
    build,
    [...doors.map((door): Named => [door.name, door.service]), ...transports.map((t): Named => [t.name, t])],
    r,
  )
  build.uses.unshift(build.uses.pop()!, ...tablePlugins(r))
  return {
    folder: dir,
    main,
    master,
    parameters,
    top: build.top,
    uses: build.uses,
    listeners: doors,
    origins: build.origins,
    unknown: new Map(unknownNames(main, master).map(({ name, nearest }) => [name, nearest ?? ''])),
    wrong: problemsIn(main, master),
    problems: build.problems,
  }
}

/** What route-local names: aliases are not expanded yet, and mail for them must not be returned; a postmaster's without one is thrown away. */
function besideLocal(build: Build, r: Reader): void {
  for (const type of ['unix', 'pipemap', 'static']) r.tableTypes.add(type)
  build.use({ plugin: 'deliver-discard', rows: [], fixed: { relay: 'local' } }, r, { as: REQUIRED })
  if (r.text('alias_maps') === '') return
  const fixed = { soft: true, text: '4.3.0 local aliases are not expanded yet' }
  build.use({ plugin: 'deliver-error', rows: [], fixed }, r, { as: ALIASES_WAIT })
}

/** Who has mail given to a program does not find it in a mailbox: it waits for what can run one. */
function commandsWait(build: Build, r: Reader): void {
  if (['mailbox_command', 'mailbox_command_maps'].every((name) => r.text(name) === '')) return
  build.uses.forEach((use, at) => {
    if (use.plugin !== LOCAL.plugin) return
    const options = { soft: true, text: '4.3.0 mailbox_command is not run yet' }
    build.uses[at] = { plugin: 'deliver-error', as: use.as ?? use.plugin, options }
  })
}

/** Mail that is to go through a filter must not go past it: whatever its way would be, it waits. */
function filterWaits(build: Build, r: Reader): void {
  build.use(
    { plugin: 'deliver-error', rows: [], fixed: { soft: true, text: '4.3.0 content_filter is not done yet' } },
    r,
    {
      as: FILTER_WAITS,
    },
  )
  const all = `static:${FILTER_WAITS}:`
  const routes = build.uses.find(({ plugin }) => plugin === 'route-transport')
  if (routes === undefined) build.use({ plugin: 'route-transport', rows: [], fixed: { transportMaps: [all] } }, r)
  else routes.options.transportMaps = [all, ...((routes.options.transportMaps as unknown[] | undefined) ?? [])]
}
const FILTER_WAITS = 'filter-waits'

/** The plugins of all types that a table of the folder has: names in tables' texts (`proxy:`) are noted as they are read. */
function tablePlugins(r: Reader): ImportedUse[] {
  const types = new Set([...r.tableTypes, 'hash', 'static', 'inline'])
  const plugins = new Set(['lookup-dns'])
  for (const type of types) {
    const plugin = TABLE_PLUGINS[type]
    if (plugin !== undefined) plugins.add(plugin)
  }
  return [...plugins].sort().map((plugin) => ({ plugin, options: {} }))
}

/** As the configuration's loader takes it. Throws what Postfix would not start with, and what cannot be read. */
export function configOf({ top, uses, wrong, problems }: Imported): Config {
  const fatal = wrong
    .filter((problem) => problem.fatal)
    .map(({ file, line, text }) => `${file}${line === undefined ? '' : `:${line}`}: ${text}`)
  // an option that is left out would have Postern's default
  if (fatal.length + problems.length > 0) throw new Error([...fatal, ...problems].join('\n'))
  return {
    ...top,
    plugins: uses.map(({ plugin, as, options, onListener }) => ({
      [plugin]: options,
      ...(as !== undefined && { as }),
      ...(onListener && { onListener }),
    })),
  } as Config
}
