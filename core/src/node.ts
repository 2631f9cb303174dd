/** A running MTA: one graph at a time, one store, one queue. */
import path from 'node:path'
import type { Clock, Timer } from './contract/clock.ts'
import { systemClock } from './contract/clock.ts'
import type { Logger } from './contract/log.ts'
import type { QueueControl } from './contract/plugin.ts'
import type { Shared } from './contract/shared.ts'
import type { NodeOptions, NodeStatus } from './node-facts.ts'
import { LocalShared, noSockets, noUsers } from './shared.ts'
import { queueStore } from './contract/roles.ts'
import type { AdminRecord, QueueStore, StoreHealth } from './contract/store.ts'
import type { MessageDraft } from './contract/verdicts.ts'
import type { LoadedConfig } from './config/load.ts'
import { PosternError } from './errors.ts'
import { explain } from './explain.ts'
import type { ExplainReport, Scenario } from './explain.ts'
import { buildGraph } from './graph/graph.ts'
import type { Graph } from './graph/graph.ts'
import { Generations } from './graph/generations.ts'
import { Pantry } from './graph/keeper.ts'
import { describePipeline, describePlugins } from './graph/describe.ts'
import type { PipelineHook, PluginLine } from './graph/describe.ts'
import { restartNeeded } from './graph/restart.ts'
import { AbortScope, HookCall } from './hooks/call.ts'
import { Background } from './flow/background.ts'
import { QueueDesk } from './flow/desk.ts'
import { Doors } from './flow/doors.ts'
import type { Imported } from './flow/desk.ts'
import type { Engine } from './flow/engine.ts'
import { QueueManager } from './flow/queue-manager.ts'
import type { ResolvedAddress } from './flow/resolve.ts'

/**
 * Builds a node from a configuration that was loaded. Imports the plugins' code and runs their `apply`; opens nothing.
 * Throws PosternError with every problem.
 */
export async function createNode(loaded: LoadedConfig, options: NodeOptions = {}): Promise<Node> {
  const node = new Node(loaded, options)
  await node.build()
  return node
}

/** ms that aborted deliveries have to record their deferral */
const ABORT_GRACE = 2000
/** ms for an address that is asked for from outside */
const RESOLVE_DEADLINE = 100_000

export class Node {
  readonly clock: Clock
  readonly #options: NodeOptions
  readonly #pantry = new Pantry()
  readonly #scope = new AbortScope()
  readonly #background: Background
  readonly #shared: Shared
  /** the queue, for plugins */
  readonly #control: QueueControl = {
    list: (filter) => this.#engine.store.list(filter),
    flush: (ids) => this.flush(ids),
  }
  #loaded: LoadedConfig
  #generations!: Generations
  #engine!: Engine
  #desk!: QueueDesk
  #state: NodeStatus['state'] = 'built'
  #since: number | undefined
  #doors!: Doors
  /** the start or reload under way: one at a time; a stop aborts it */
  #changing: Promise<void> = Promise.resolve()
  readonly #starting = new AbortController()
  #stopping: Promise<void> | undefined
  /** the patience of a stop is over */
  readonly #over = new AbortController()

  constructor(loaded: LoadedConfig, options: NodeOptions) {
    this.#loaded = loaded
    this.#options = options
    this.clock = options.clock ?? systemClock
    this.#shared = options.shared ?? new LocalShared(this.clock)
    this.#background = new Background(() => this.log)
  }
  async build(): Promise<void> {
    const first = await this.#build(this.#loaded)
    const current = () => this.graph
    this.#engine = {
      clock: this.clock,
      scope: this.#scope,
      shared: this.#shared,
      workers: this.#options.worker?.count ?? 1,
      random: this.#options.random ?? Math.random,
      store: first.one<QueueStore>(queueStore)!,
      queue: undefined as never,
      pin: () => this.#generations.current.pin(),
      get graph() {
        return current()
      },
    }
    this.#desk = new QueueDesk(this.#engine)
    this.#doors = new Doors(this.#engine)
    Object.assign(this.#engine, {
      queue: new QueueManager(this.#engine, (draft, origin, by) => this.#desk.submit(draft, origin, by)),
    })
    this.#generations = new Generations(first, {
      clock: this.clock,
      storeUse: first.collection.provided.find((p) => p.role.id === queueStore.id)?.use.name,
      openDoors: (generation) => this.#doors.open(generation),
    })
  }
  #build(loaded: LoadedConfig): Promise<Graph> {
    return buildGraph(loaded, {
      log: this.#options.log,
      clock: this.clock,
      resolveFrom: this.#options.resolveFrom,
      pantry: this.#pantry,
      worker: this.#options.worker,
      reach: {
        submit: (draft, origin, by) => this.#desk.submit(draft, origin, by),
        resolve: (address, call) => this.#desk.resolve(address, call),
        background: (use, fn) => this.#background.add(use, fn),
        queue: this.#control,
        shared: this.#shared,
        sockets: this.#options.sockets ?? noSockets,
        users: this.#options.users ?? noUsers,
      },
    })
  }
  get graph(): Graph {
    return this.#generations.current.graph
  }
  get log(): Logger {
    return this.graph.log
  }
  get queue(): QueueStore {
    return this.#engine.store
  }
  /** Recovers the queue, starts the plugins, opens the doors. On failure everything that had started is stopped. */
  start(signal?: AbortSignal): Promise<void> {
    if (this.#state !== 'built') return Promise.reject(new PosternError('PN_START', `the node is ${this.#state}`))
    this.#state = 'starting'
    signal?.addEventListener('abort', () => this.#starting.abort(signal.reason), { once: true })
    this.#changing = this.#start()
    return this.#changing
  }
  async #start(): Promise<void> {
    try {
      await this.#generations.start(this.#starting.signal, async () => {
        const recovery = await this.#engine.store.start((row) => this.#engine.queue.found(row))
        this.#engine.queue.recovering(recovery.done)
      })
    } catch (error) {
      await this.#close()
      throw error
    }
    this.#state = 'running'
    this.#since = this.clock.now()
    this.#engine.queue.open()
    this.log.info('node.started', { hostname: this.graph.settings.myhostname, configuration: this.#loaded.file })
  }
  /** Ends what is in hand within `ms` (default: drainTimeout), then stops. Nothing accepted is lost either way. */
  async stop(ms?: number): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'built') return
    // a second stop joins the first, and may shorten its patience
    if (this.#stopping) {
      if (ms !== undefined) this.#hurry(ms)
      return this.#stopping
    }
    // a start or a reload under way ends now
    this.#starting.abort(new PosternError('PN_STOPPING'))
    await this.#changing.catch(() => undefined)
    this.#stopping ??= this.#stop(ms)
    await this.#stopping
  }
  async #stop(ms: number | undefined): Promise<void> {
    if (this.#state !== 'running') return
    this.#state = 'draining'
    const over = this.#over
    const gone = new Promise<void>((r) => over.signal.addEventListener('abort', () => r(), { once: true }))
    const timer = this.#hurry(ms ?? this.graph.settings.drainTimeout)
    const drained = Promise.all([
      this.#generations.drain(over.signal),
      this.#engine.queue.close(),
      this.#background.drain(),
    ])
    await Promise.race([drained, gone])
    timer.cancel()
    over.abort()
    this.#scope.abort(new PosternError('PN_STOPPING'))
    this.#background.abort()
    // what was aborted still has to say what became of it, or that it will be tried again
    await Promise.race([this.#engine.queue.close(), new Promise<void>((r) => setTimeout(r, ABORT_GRACE))])
    await this.#close()
  }
  #hurry(ms: number): Timer {
    if (ms <= 0) this.#over.abort()
    return this.clock.after(ms, () => this.#over.abort())
  }
  /** Stops everything, whatever one of them does. */
  async #close(): Promise<void> {
    this.log.info('node.stopped')
    await this.#generations.stop(() => this.#engine.store.stop())
    this.#state = 'stopped'
    await this.graph.sink.flush?.()
  }
  /**
   * Builds a second graph, checks it whole, gives it the new sessions and attempts; the old one drains. A configuration
   * that does not check leaves the old one running, and the error says why.
   */
  reload(loaded?: LoadedConfig): Promise<void> {
    const next = this.#changing.catch(() => undefined).then(() => this.#reload(loaded))
    this.#changing = next
    next.catch(() => undefined)
    return next
  }
  async #reload(given?: LoadedConfig): Promise<void> {
    if (this.#state !== 'running') throw new PosternError('PN_STOPPING', `the node is ${this.#state}`)
    const loaded = given ?? (await this.#loaded.again())
    const graph = await this.#build(loaded)
    const fixed = restartNeeded(this.graph, graph)
    if (fixed.length > 0)
      throw new PosternError('PN_CONFIG_INVALID', `a reload cannot change: ${fixed.join('; ')}; restart instead`)
    await this.#generations.replace(graph, this.#starting.signal)
    this.#loaded = loaded
    this.log.info('node.reloaded', { configuration: loaded.file })
  }

  submit(draft: MessageDraft): Promise<string> {
    return this.#desk.submit(draft, { kind: 'submit' }, 'node')
  }
  resolve(address: string): Promise<ResolvedAddress> {
    return this.#desk.resolve(
      address,
      new HookCall({ scope: this.#scope, clock: this.clock, log: this.log }, RESOLVE_DEADLINE),
    )
  }
  /** Resolves when nothing is in delivery and nothing is due. */
  idle(): Promise<void> {
    return this.#engine.queue.idle()
  }
  /** Tries these now; without ids everything that waits. */
  flush(ids?: readonly string[]): void {
    this.#engine.queue.flush(ids)
  }
  /**
   * The message under a new id, as if it had just come; the new id, or `undefined` when there is no such message. Waits for
   * deliveries of it that are under way; throws PN_BUSY when they take more than 10 seconds.
   */
  requeue(id: string, who: { readonly who: string; readonly why: string }): Promise<string | undefined> {
    return this.#desk.requeue(id, who)
  }
  /** A message with its envelope, from another queue: as it is, past cleanup. The new id, once durable. */
  import(message: Imported): Promise<string> {
    return this.#desk.import(message)
  }
  administer(id: string, record: AdminRecord): Promise<boolean> {
    return this.#desk.administer(id, record)
  }
  /** Asks all tables how they are, so that `status` says what is true now. Ends within seconds. */
  async checkTables(): Promise<void> {
    await Promise.all([...this.graph.collection.tables.all()].map((table) => table.refresh()))
  }
  status(): NodeStatus {
    const tables = [...this.graph.collection.tables.all()].map((t) => ({
      name: t.name,
      problem: t.problem,
      since: t.since,
      stats: t.stats(),
    }))
    return {
      state: this.#state,
      configuration: this.#loaded.file === '(embedded)' ? this.#loaded.file : path.resolve(this.#loaded.file),
      hostname: this.graph.settings.myhostname,
      since: this.#since,
      sessions: this.#doors.sessions,
      queue: { ...this.#engine.queue.counts, ...this.#health() },
      tables,
    }
  }
  /** A store that has not been started, or was stopped, has nothing to say. */
  #health(): StoreHealth {
    return this.#state === 'running' || this.#state === 'draining'
      ? this.#engine.store.health()
      : { messages: 0, bytes: 0, problems: [] }
  }
  pipeline(): PipelineHook[] {
    return describePipeline(this.graph)
  }
  plugins(): PluginLine[] {
    return describePlugins(this.graph)
  }
  /** Runs a made-up client and message through the graph; works on a node that was built but not started, if its plugins can. */
  explain(scenario: Scenario): Promise<ExplainReport> {
    const pin = this.#generations.current.pin()
    return explain(this.#engine, pin.graph, scenario).finally(() => pin.release())
  }
  /** Starts tables and plugins but neither queue nor doors: for explain and table queries without a daemon. */
  async startDry(): Promise<void> {
    await this.#generations.current.start(new AbortController().signal, { doors: false })
  }
  async stopDry(): Promise<void> {
    await this.#generations.current.stop()
  }
}
