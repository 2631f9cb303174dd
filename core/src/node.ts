/** A running MTA: one graph at a time, one store, one queue. */
import path from 'node:path'
import type { Call } from './contract/call.ts'
import type { Clock, Timer } from './contract/clock.ts'
import { systemClock } from './contract/clock.ts'
import type { Listener } from './contract/listener.ts'
import type { QueueControl, Site } from './contract/plugin.ts'
import type { Shared, SocketSource } from './contract/shared.ts'
import type { UserDelivery } from './contract/users.ts'
import { LocalShared, noSockets, noUsers } from './shared.ts'
import type { LogSink, Logger } from './contract/log.ts'
import { queueStore } from './contract/roles.ts'
import type { AdminRecord, NewMessage, QueueStore, StoreHealth } from './contract/store.ts'
import type { MessageDraft } from './contract/verdicts.ts'
import type { LoadedConfig } from './config/load.ts'
import { PosternError, traceOf } from './errors.ts'
import { explain } from './explain.ts'
import type { ExplainReport, Scenario } from './explain.ts'
import { buildGraph } from './graph/graph.ts'
import type { Graph } from './graph/graph.ts'
import { Generation, STOP_LIMIT, within } from './graph/generation.ts'
import { Pantry } from './graph/keeper.ts'
import { describePipeline, describePlugins } from './graph/describe.ts'
import type { PipelineHook, PluginLine } from './graph/describe.ts'
import { restartNeeded } from './graph/restart.ts'
import { AbortScope, HookCall } from './hooks/call.ts'
import { Background } from './flow/background.ts'
import type { Engine } from './flow/engine.ts'
import { QueueManager } from './flow/queue-manager.ts'
import { resolveAll } from './flow/resolve.ts'
import type { ResolvedAddress } from './flow/resolve.ts'
import { SessionFlow } from './flow/session.ts'
import { submit } from './flow/submit.ts'
import type { SubmitOrigin } from './flow/submit.ts'

/** ms */
const REQUEUE_PATIENCE = 10_000

export interface NodeOptions {
  /** instead of the configuration's log plugin */
  readonly log?: LogSink
  readonly clock?: Clock
  /** what is one for all processes; default: this process's memory */
  readonly shared?: Shared
  /** sockets that another process bound for this one */
  readonly sockets?: SocketSource
  /** a helper that delivers with users' rights; default: there is none */
  readonly users?: UserDelivery
  /** which of the processes that share the work this is */
  readonly worker?: Site['worker']
  /** 0 to 1; a test brings its own */
  readonly random?: () => number
  /** more folders to look for plugins in */
  readonly resolveFrom?: readonly string[]
}
export interface NodeStatus {
  readonly state: 'built' | 'starting' | 'running' | 'draining' | 'stopped'
  readonly configuration: string
  readonly hostname: string
  /** ms since 1970 */
  readonly since?: number
  readonly sessions: number
  readonly queue: { readonly active: number; readonly waiting: number; readonly held: number } & StoreHealth
  readonly tables: readonly TableStatus[]
}

export interface TableStatus {
  readonly name: string
  readonly problem?: string
  readonly stats?: Readonly<Record<string, number>>
}

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
  #generation!: Generation
  #engine!: Engine
  #state: NodeStatus['state'] = 'built'
  #since: number | undefined
  #sessions = 0
  /** the start or reload under way: one at a time; a stop aborts it */
  #changing: Promise<void> = Promise.resolve()
  readonly #starting = new AbortController()
  #stopping: Promise<void> | undefined
  /** the patience of a stop is over */
  readonly #over = new AbortController()
  /** generations that drain */
  readonly #old = new Map<Generation, Promise<void>>()
  /** those that have drained; what their stores' plugins keep is let go behind the store */
  readonly #retired = new Set<Generation>()
  /** the use that provides the store */
  #storeUse: string | undefined

  constructor(loaded: LoadedConfig, options: NodeOptions) {
    this.#loaded = loaded
    this.#options = options
    this.clock = options.clock ?? systemClock
    this.#shared = options.shared ?? new LocalShared(this.clock)
    this.#background = new Background(() => this.#generation.graph.log)
  }
  async build(): Promise<void> {
    const graph = await this.#build(this.#loaded)
    this.#generation = new Generation(graph, this.clock)
    const current = () => this.#generation.graph
    this.#storeUse = graph.collection.provided.find((p) => p.role.id === queueStore.id)?.use.name
    this.#engine = {
      clock: this.clock,
      scope: this.#scope,
      shared: this.#shared,
      workers: this.#options.worker?.count ?? 1,
      random: this.#options.random ?? Math.random,
      store: graph.one<QueueStore>(queueStore)!,
      queue: undefined as never,
      pin: () => this.#generation.pin(),
      get graph() {
        return current()
      },
    }
    Object.assign(this.#engine, {
      queue: new QueueManager(this.#engine, (draft, origin, by) => this.#submit(draft, origin, by)),
    })
    this.#openDoors(this.#generation)
  }
  #build(loaded: LoadedConfig): Promise<Graph> {
    return buildGraph(loaded, {
      log: this.#options.log,
      clock: this.clock,
      resolveFrom: this.#options.resolveFrom,
      pantry: this.#pantry,
      worker: this.#options.worker,
      reach: {
        submit: (draft, origin, by) => this.#submit(draft, origin, by),
        resolve: (address, call) => this.#resolve(address, call),
        background: (use, fn) => this.#background.add(use, fn),
        queue: this.#control,
        shared: this.#shared,
        sockets: this.#options.sockets ?? noSockets,
        users: this.#options.users ?? noUsers,
      },
    })
  }
  #openDoors(generation: Generation): void {
    const { graph } = generation
    for (const { name, door } of graph.collection.listeners) {
      const hooks = graph.listeners.get(name)!
      const listener: Listener = {
        name,
        keywords: [...hooks.commands.values()].flatMap((h) => h.taps.flatMap((t) => t.keyword ?? [])),
        open: (facts) => {
          const pin = generation.pin()
          this.#sessions++
          const release = () => {
            this.#sessions--
            pin.release()
          }
          return new SessionFlow(this.#engine, { graph, release }, hooks, facts)
        },
      }
      door.listener = listener
    }
  }

  get graph(): Graph {
    return this.#generation.graph
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
      const store = async () => {
        const recovery = await this.#engine.store.start((row) => this.#engine.queue.found(row))
        this.#engine.queue.recovering(recovery.done)
      }
      await aborted(this.#starting.signal, this.#generation.start(this.#starting.signal, { store }))
      await aborted(this.#starting.signal, this.#generation.ready())
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
      this.#generation.drain(over.signal),
      this.#engine.queue.close(),
      this.#background.drain(),
      ...this.#old.values(),
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
  /** Stops every generation, then the store, whatever one of them does. */
  async #close(): Promise<void> {
    this.log.info('node.stopped')
    for (const old of [...this.#old.keys()]) {
      await old.stop(this.#storeUse)
      this.#retired.add(old)
    }
    await this.#generation.stop(this.#storeUse)
    try {
      await within(STOP_LIMIT, this.#engine.store.stop())
    } catch (error) {
      this.log.error('queue.stopFailed', { cause: traceOf(error) })
    }
    for (const g of [...this.#retired, this.#generation]) await g.stop()
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
    const { signal } = this.#starting
    const loaded = given ?? (await this.#loaded.again())
    const graph = await this.#build(loaded)
    const fixed = restartNeeded(this.graph, graph)
    if (fixed.length > 0)
      throw new PosternError('PN_CONFIG_INVALID', `a reload cannot change: ${fixed.join('; ')}; restart instead`)
    const next = new Generation(graph, this.clock)
    this.#openDoors(next)
    const [old, before] = [this.#generation, this.#loaded]
    try {
      await aborted(signal, next.start(signal))
      this.#generation = next
      this.#loaded = loaded
      await aborted(signal, next.ready())
    } catch (error) {
      // the old one takes its doors back and goes on
      this.#generation = old
      this.#loaded = before
      await within(STOP_LIMIT, old.ready()).catch((e: unknown) =>
        this.log.error('node.reloadFailed', { cause: traceOf(e) }),
      )
      await next.stop()
      throw error
    }
    this.log.info('node.reloaded', { configuration: loaded.file })
    this.#old.set(old, this.#retire(old))
  }
  async #retire(old: Generation): Promise<void> {
    const over = new AbortController()
    const timer = this.clock.after(old.graph.settings.drainTimeout, () => over.abort())
    await old.drain(over.signal)
    timer.cancel()
    // the queue's store was made by the first generation and serves all
    await old.stop(this.#storeUse)
    this.#old.delete(old)
    this.#retired.add(old)
  }

  submit(draft: MessageDraft): Promise<string> {
    return this.#submit(draft, { kind: 'submit' }, 'node')
  }
  async #submit(draft: MessageDraft, origin: SubmitOrigin, by: string): Promise<string> {
    const pin = this.#generation.pin()
    try {
      return await submit(this.#engine, pin.graph, draft, origin, by)
    } finally {
      pin.release()
    }
  }
  resolve(address: string): Promise<ResolvedAddress> {
    return this.#resolve(address, new HookCall({ scope: this.#scope, clock: this.clock, log: this.log }, 100_000))
  }
  #resolve(address: string, call: Call): Promise<ResolvedAddress> {
    const origin = { kind: 'submit', by: 'resolve' } as const
    const subject = {
      messageId: '',
      envelope: { sender: '', origin, marks: {} },
      address,
      original: address,
      ancestors: [],
      final: false,
    }
    return resolveAll(this.#engine, this.graph, subject, call.trace)
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
  async requeue(id: string, who: { readonly who: string; readonly why: string }): Promise<string | undefined> {
    const { queue, store } = this.#engine
    const undo = await queue.still(id, REQUEUE_PATIENCE)
    let now: string | undefined
    try {
      now = await store.requeue(id, who)
    } finally {
      if (now === undefined) undo()
    }
    if (now !== undefined) queue.requeued(id, now)
    return now
  }
  /** A message with its envelope, from another queue: as it is, past cleanup. The new id, once durable. */
  async import(m: Omit<NewMessage, 'id' | 'body'> & { readonly body: Uint8Array }): Promise<string> {
    const { store, queue } = this.#engine
    const sink = store.body(m.body.length)
    await sink.write(m.body)
    const message = { ...m, id: store.newId(), body: await sink.end() }
    await store.commit(message)
    queue.committed(message)
    return message.id
  }
  async administer(id: string, record: AdminRecord): Promise<boolean> {
    const known = await this.#engine.store.admin(id, record)
    if (known) this.#engine.queue.administered(id, record.action)
    return known
  }
  status(): NodeStatus {
    const tables = [...this.graph.collection.tables.all()].map((t) => ({
      name: t.name,
      problem: t.problem,
      stats: t.stats(),
    }))
    return {
      state: this.#state,
      configuration: this.#loaded.file === '(embedded)' ? this.#loaded.file : path.resolve(this.#loaded.file),
      hostname: this.graph.settings.myhostname,
      since: this.#since,
      sessions: this.#sessions,
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
    const pin = this.#generation.pin()
    return explain(this.#engine, pin.graph, scenario).finally(() => pin.release())
  }
  /** Starts tables and plugins but neither queue nor doors: for explain and table queries without a daemon. */
  async startDry(): Promise<void> {
    await this.#generation.start(new AbortController().signal, { doors: false })
  }
  async stopDry(): Promise<void> {
    await this.#generation.stop()
  }
}

/** `work`, or the abort, whichever comes first: a plugin that hangs in start must not keep a stop waiting. */
async function aborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  let off: (() => void) | undefined
  const abort = new Promise<never>((_, reject) => {
    const fn = () => reject(signal.reason as Error)
    if (signal.aborted) fn()
    signal.addEventListener('abort', fn, { once: true })
    off = () => signal.removeEventListener('abort', fn)
  })
  try {
    return await Promise.race([work, abort])
  } finally {
    off?.()
  }
}
