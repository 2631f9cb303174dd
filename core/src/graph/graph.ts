/** A frozen graph: everything the plugins said, checked and compiled. Building one does no I/O but importing code. */
import type { Clock } from '../contract/clock.ts'
import type { Transport } from '../contract/deliver.ts'
import { systemClock } from '../contract/clock.ts'
import type { LogSink, Logger } from '../contract/log.ts'
import { logger, sinkOf, stderrSink } from '../contract/log.ts'
import { addressRewriter, logSink, transports } from '../contract/roles.ts'
import type { AddressRewriter } from '../contract/roles.ts'
import type { AnyRole } from '../contract/tokens.ts'
import { loadPlugins } from '../config/plugins.ts'
import type { LoadedUse } from '../config/plugins.ts'
import type { Site } from '../contract/plugin.ts'
import type { LoadedConfig } from '../config/load.ts'
import { checkSettings, siteOf } from '../config/settings.ts'
import type { Settings } from '../config/schema.ts'
import { PosternError, printProblem } from '../errors.ts'
import type { Problem } from '../errors.ts'
import { compileCommands, compileSet } from '../hooks/compile.ts'
import type { Hook, HookSet } from '../hooks/compile.ts'
import { compileFacts } from '../hooks/facts.ts'
import type { FactSet } from '../hooks/facts.ts'
import { OrderCycle } from '../hooks/order.ts'
import type { TapRecord, UseFacts } from '../hooks/record.ts'
import { applyAll } from './apply.ts'
import type { Collection, Reach } from './collector.ts'
import { Keeper } from './keeper.ts'
import type { Pantry } from './keeper.ts'
import { checkNames } from './names.ts'

export interface ListenerHooks {
  readonly name: string
  readonly hooks: HookSet
  readonly commands: ReadonlyMap<string, Hook<'command'>>
}
export interface Graph {
  readonly settings: Settings
  readonly uses: readonly LoadedUse[]
  readonly collection: Collection
  readonly root: HookSet
  readonly listeners: ReadonlyMap<string, ListenerHooks>
  /** a listener that has no taps of its own: mail that comes by no listener passes its cleanup */
  readonly plain: ListenerHooks
  readonly facts: FactSet
  readonly keeper: Keeper
  readonly log: Logger
  readonly sink: LogSink
  readonly rewriter: AddressRewriter
  one<T>(role: AnyRole): T | undefined
  /** what the log plugins write, all of them */
  readonly written: LogSink
  transport(name: string): Transport | undefined
  transportNames(): readonly string[]
}
export interface BuildOptions {
  readonly log?: LogSink
  readonly clock?: Clock
  /** more folders to look for plugins in */
  readonly resolveFrom?: readonly string[]
  readonly pantry: Pantry
  /** what the graph's plugins may ask of the node that will run it */
  readonly reach: Pick<Reach, 'submit' | 'resolve' | 'background' | 'queue' | 'shared' | 'sockets' | 'users'>
  readonly worker?: Site['worker']
}

/** Without a plugin that knows better. */
const AS_IT_IS: AddressRewriter = { standard: (address) => address, within: () => undefined }

/** Throws PosternError with every problem that was found. */
export async function buildGraph(loaded: LoadedConfig, options: BuildOptions): Promise<Graph> {
  const problems: Problem[] = [...loaded.problems]
  const checked = checkSettings(loaded)
  problems.push(...checked.problems)
  const plugins = await loadPlugins(loaded.uses, options.resolveFrom ?? [])
  problems.push(...plugins.problems)
  // without its settings apply cannot run, but options can be checked all the same
  const settings = checked.settings
  const keeper = new Keeper(options.pantry)
  let sink: LogSink = options.log ?? stderrSink
  const log = logger(() => sink)
  const reach: Reach | undefined = settings && {
    site: siteOf(settings, options.worker),
    clock: options.clock ?? systemClock,
    keeper,
    log: (use) => logger(() => sink, { use }),
    ...options.reach,
  }
  const collection = applyAll(plugins.uses, reach, problems, plugins.uses.length < loaded.uses.length)
  checkNames(collection, plugins.uses, problems)
  const budget = { limit: settings?.faultLimit ?? 10, pause: settings?.faultPause ?? 30_000 }
  const listenerNames = [...new Set(collection.listeners.map((l) => l.name))]
  const compiled = compileAll(collection.taps, listenerNames, budget, problems)
  firstOnly(problems)
  if (problems.length > 0 || !settings || !compiled)
    throw new PosternError(
      'PN_CONFIG_INVALID',
      `${problems.length} problem${problems.length === 1 ? '' : 's'}\n${problems.map((p) => '  ' + printProblem(p)).join('\n')}`,
      { problems },
    )
  const providers = new Map<string, unknown>()
  const ways = new Map<string, Transport>()
  for (const p of collection.provided) {
    if (p.name === undefined) providers.set(p.role.id, p.impl)
    else if (p.role.id === transports.id) ways.set(p.name, p.impl as Transport)
  }
  const written = sinkOf(collection.provided.filter((p) => p.role.id === logSink.id).map((p) => p.impl as LogSink))
  if (!options.log) sink = written
  return {
    settings,
    uses: plugins.uses,
    collection,
    ...compiled,
    facts: compileFacts(collection.facts, log),
    keeper,
    log,
    sink,
    written,
    rewriter: (providers.get(addressRewriter.id) as AddressRewriter | undefined) ?? AS_IT_IS,
    one: <T>(role: AnyRole) => providers.get(role.id) as T | undefined,
    transport: (name) => ways.get(name),
    transportNames: () => [...ways.keys()],
  }
}

/** One mistake, one problem: what is said of a place that has one already comes from it. */
function firstOnly(problems: Problem[]): void {
  const seen = new Map<string, string>()
  for (let i = 0; i < problems.length; i++) {
    const { file, path, message, code } = problems[i]!
    const place = `${file}\0${path}`
    const first = seen.get(place)
    if (first === undefined) seen.set(place, code + message)
    else if (first.includes('is not defined') || first.includes('refers to itself') || first.includes('is not set'))
      problems.splice(i--, 1)
  }
}

function compileAll(
  taps: readonly TapRecord[],
  names: readonly string[],
  budget: { limit: number; pause: number },
  problems: Problem[],
) {
  try {
    const listeners = new Map<string, ListenerHooks>()
    for (const name of names)
      listeners.set(name, {
        name,
        hooks: compileSet(taps, name, budget),
        commands: compileCommands(taps, name, budget),
      })
    const plain: ListenerHooks = { name: '', hooks: compileSet(taps, undefined, budget), commands: new Map() }
    return { root: plain.hooks, listeners, plain }
  } catch (error) {
    if (!(error instanceof OrderCycle)) throw error
    const use: UseFacts | undefined = taps.find((t) => t.use.name === error.uses[0])?.use
    problems.push({ code: 'PN_ORDER_CYCLE', file: use?.where ?? '', path: '', message: error.message })
    return undefined
  }
}
