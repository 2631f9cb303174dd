/** Collects what one use's apply says. Nothing here runs a hook, opens a file or dials. */
import type { Clock } from '../contract/clock.ts'
import type { Transport } from '../contract/deliver.ts'
import type { Fact } from '../contract/facts.ts'
import type { Listener } from '../contract/listener.ts'
import type { Logger } from '../contract/log.ts'
import type { Table, TableUse } from '../contract/lookup.ts'
import type { TableRef } from '../contract/options.ts'
import { transports } from '../contract/roles.ts'
import type { Bind, Lifecycle, Mta, QueueControl, Site, TapOptions } from '../contract/plugin.ts'
import type { Shared, SocketSource } from '../contract/shared.ts'
import type { UserDelivery } from '../contract/users.ts'
import type { Stage } from '../contract/stages.ts'
import type { AnyRole, MarkToken, SlotToken } from '../contract/tokens.ts'
import type { MessageDraft } from '../contract/verdicts.ts'
import type { BodyTier, DraftView, MailView, OriginKind, SessionView } from '../contract/views.ts'
import type { Call } from '../contract/call.ts'
import { PosternError } from '../errors.ts'
import type { Draft } from '../flow/draft.ts'
import type { ResolvedAddress } from '../flow/resolve.ts'
import { writeSlot } from '../flow/slots.ts'
import type { FactRecord } from '../hooks/facts.ts'
import type { TapRecord, UseFacts } from '../hooks/record.ts'
import type { TableRoom } from './tables.ts'
import type { Keeper } from './keeper.ts'

/** What the whole graph collects into. */
export interface Collection {
  readonly taps: TapRecord[]
  readonly facts: FactRecord[]
  readonly lifecycles: { use: UseFacts; hooks: Lifecycle }[]
  readonly provided: { role: AnyRole; name: string | undefined; impl: unknown; use: UseFacts }[]
  readonly listeners: { name: string; use: UseFacts; door: { listener?: Listener } }[]
  readonly tables: TableRoom
  readonly transportNames: { name: string; where: string; use: UseFacts }[]
  readonly marks: Map<string, MarkToken<never>>
  /** some use could not be applied: what it would have brought is not missing */
  incomplete: boolean
}
/** What a use may reach once the graph runs. */
export interface Reach {
  readonly site: Site
  readonly clock: Clock
  readonly keeper: Keeper
  readonly queue: QueueControl
  readonly shared: Shared
  readonly sockets: SocketSource
  readonly users: UserDelivery
  log(use: string): Logger
  submit(
    draft: MessageDraft,
    origin: { kind: 'submit' | 'forward' | 'bounce'; of?: string },
    by: string,
  ): Promise<string>
  resolve(address: string, call: Call): Promise<ResolvedAddress>
  background(use: string, fn: (signal: AbortSignal) => Promise<void>): void
}
export interface UseScope {
  readonly facts: UseFacts
  readonly bind: Bind
  readonly folder: string
  readonly as: string | undefined
  /** the taps of this apply are for this listener alone (an override, or a bind) */
  readonly listener: string | undefined
  /** listeners where another apply of this use speaks */
  readonly notIn: readonly string[]
  /** a second apply for a listener's own options: only its listener taps count */
  readonly override: boolean
}
const listed = (v: string | readonly string[] | undefined): readonly string[] =>
  v === undefined ? [] : typeof v === 'string' ? [v] : v
const ROOT_STAGES: readonly Stage[] = ['resolve', 'attempt', 'report']
const FACTS: readonly Fact[] = [
  'connected',
  'replied',
  'refused',
  'authenticated',
  'received',
  'discarded',
  'begun',
  'active',
  'expired',
  'attempted',
  'settled',
  'waiting',
  'disconnect',
]

export class Collector {
  readonly #into: Collection
  readonly #reach: Reach
  readonly #scope: UseScope
  #frozen = false

  constructor(into: Collection, reach: Reach, scope: UseScope) {
    this.#into = into
    this.#reach = reach
    this.#scope = scope
  }
  freeze(): void {
    this.#frozen = true
  }

  facade(): Mta {
    const { facts, folder, as } = this.#scope
    const tap = (hook: Stage) => ({
      tap: (a: TapOptions | Fn, b?: Fn) => (b ? this.#tap(hook, a as TapOptions, b) : this.#tap(hook, {}, a as Fn)),
    })
    const resolve = Object.assign((address: string, call: Call) => this.#reach.resolve(address, call), tap('resolve'))
    return {
      connect: tap('connect'),
      helo: tap('helo'),
      auth: tap('auth'),
      mail: tap('mail'),
      relay: tap('relay'),
      rcpt: tap('rcpt'),
      data: tap('data'),
      cleanup: { tap: (o: CleanupTap, fn: Fn) => this.#cleanup(o, fn) },
      resolve,
      attempt: tap('attempt'),
      report: tap('report'),
      on: Object.fromEntries(FACTS.map((fact) => [fact, { tap: (fn: FactRecord['fn']) => this.#fact(fact, fn) }])),
      command: (verb: string, o: { keyword?: string }, fn: Fn) =>
        this.#tap('command', {}, fn, { verb: verb.toUpperCase(), keyword: o.keyword }),
      deliver: (name: string, t: Transport) => this.#provide(transports, name, t),
      listen: (name: string) => this.#listen(name),
      provide: (role: AnyRole, impl: unknown) => this.#provide(role, undefined, impl),
      provideNamed: (role: AnyRole, name: string, impl: unknown) => this.#provide(role, name, impl),
      table: (ref: TableRef, use?: TableUse) => this.#table(ref, use),
      transport: (name: string, where?: string) => this.#transport(name, where),
      lifecycle: (hooks: Lifecycle) => {
        this.#open()
        this.#into.lifecycles.push({ use: facts, hooks })
      },
      keep: <T>(key: string, make: () => T, dispose: (v: T) => Promise<void> | void) =>
        this.#reach.keeper.keep(facts.name, key, make, dispose),
      slot: <T>(token: SlotToken<T>) => ({
        set: (view: SessionView | MailView | DraftView, value: T) => writeSlot(view, token, value),
      }),
      mark: (token: MarkToken<never>) => {
        this.#open()
        this.#into.marks.set(token.id, token)
      },
      submit: (draft: MessageDraft, origin = { kind: 'submit' as const }) =>
        this.#reach.submit(draft, origin, facts.name),
      background: (fn: (signal: AbortSignal) => Promise<void>) => this.#reach.background(facts.name, fn),
      queue: this.#reach.queue,
      shared: this.#reach.shared,
      sockets: this.#reach.sockets,
      users: this.#reach.users,
      name: facts.name,
      as,
      site: this.#reach.site,
      log: this.#reach.log(facts.name),
      clock: this.#reach.clock,
      folder,
    } as unknown as Mta
  }

  #open(): void {
    if (this.#frozen) throw new PosternError('PN_FROZEN', `${this.#scope.facts.name} called after apply had returned`)
  }
  #tap(hook: Stage, o: TapOptions, fn: Fn, more: Partial<TapRecord> = {}): void {
    this.#open()
    if (typeof fn !== 'function') throw new TypeError(`mta.${hook}.tap expects a function`)
    const { facts, bind, listener, notIn, override } = this.#scope
    if (override && ROOT_STAGES.includes(hook)) return
    this.#into.taps.push({
      hook,
      use: facts,
      name: o.name ?? facts.name,
      listener: ROOT_STAGES.includes(hook) ? undefined : listener,
      notIn: override ? [] : notIn,
      phase: bind.phase ?? o.phase ?? 'normal',
      before: [...listed(bind.before), ...listed(o.before)],
      after: [...listed(bind.after), ...listed(o.after)],
      reads: (o.reads ?? []).map((s) => s.id),
      writes: (o.writes ?? []).map((s) => s.id),
      timeout: o.timeout,
      fn: fn as TapRecord['fn'],
      ...more,
    })
  }
  #cleanup(o: CleanupTap, fn: Fn): void {
    const origins = o.origins ?? (['smtp', 'lmtp', 'submit', 'forward'] as const)
    const body = o.body
    // each tap gets the tier it asked for, and bounces only when it asked
    const wrapped = (draft: Draft, call: Call) =>
      origins.includes(draft.origin.kind) ? fn(draft.view(body) as never, call) : undefined
    this.#tap('cleanup', o, wrapped as Fn, { body, origins })
  }
  #fact(fact: Fact, fn: FactRecord['fn']): void {
    this.#open()
    if (!this.#scope.override) this.#into.facts.push({ fact, use: this.#scope.facts.name, fn })
  }
  #provide(role: AnyRole, name: string | undefined, impl: unknown): void {
    this.#open()
    if (!this.#scope.override) this.#into.provided.push({ role, name, impl, use: this.#scope.facts })
  }
  #listen(name: string): () => Listener {
    this.#open()
    const door: { listener?: Listener } = {}
    this.#into.listeners.push({ name, use: this.#scope.facts, door })
    return () => {
      if (!door.listener)
        throw new PosternError('PN_START', `the listener ${name} is not compiled yet: ask in start or later`)
      return door.listener
    }
  }
  #table(ref: TableRef, asked?: TableUse): Table {
    this.#open()
    return this.#into.tables.named(ref, this.#scope.folder, this.#scope.facts, asked)
  }
  #transport(name: string, where?: string): string {
    this.#open()
    this.#into.transportNames.push({
      name: name.split(':', 1)[0]!,
      where: where ? `${this.#scope.facts.where}.${this.#scope.facts.name}.${where}` : this.#scope.facts.where,
      use: this.#scope.facts,
    })
    return name
  }
}
type Fn = (view: never, call: Call) => unknown
type CleanupTap = TapOptions & { body: BodyTier; origins?: readonly OriginKind[] }
