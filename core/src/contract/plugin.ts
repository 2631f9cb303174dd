/** A plugin: a name, a schema for its options, what it needs and provides, and `apply`, which only collects. */
import type { z } from 'zod'
import type { Call } from './call.ts'
import type { Clock } from './clock.ts'
import type { Transport } from './deliver.ts'
import type { Fact, Facts } from './facts.ts'
import type { Listener } from './listener.ts'
import type { Logger } from './log.ts'
import type { Table, TableUse } from './lookup.ts'
import type { TableRef } from './options.ts'
import type { Answer, View } from './stages.ts'
import type { AnyRole, MarkToken, Needs, Resolved, Role, SlotToken } from './tokens.ts'
import type { MessageDraft } from './verdicts.ts'
import type { BodyTier, DraftView, MailView, OriginKind, SessionView } from './views.ts'
import type { MessageId, QueueEntry, QueueFilter } from './store.ts'
import type { Shared, SocketSource } from './shared.ts'
import type { UserDelivery } from './users.ts'
import type { ResolvedAddress } from '../flow/resolve.ts'

/** The contract's version. A plugin of another one does not load. */
export const CONTRACT = 1

export interface TapOptions {
  /** told in `postern pipeline`; default: the use's name */
  readonly name?: string
  readonly phase?: 'early' | 'normal' | 'late'
  /** names of uses that come after this tap */
  readonly before?: string | readonly string[]
  /** names of uses that come before this tap */
  readonly after?: string | readonly string[]
  /** slots this tap reads: it comes after the taps that write them */
  readonly reads?: readonly SlotToken<unknown>[]
  readonly writes?: readonly SlotToken<unknown>[]
  /** ms; the stage's deadline caps it */
  readonly timeout?: number
}
export interface CleanupOptions<B extends BodyTier> extends TapOptions {
  /** how much of the message the tap reads; the draft it gets offers just that */
  readonly body: B
  /** which mail it sees; default: all but bounces */
  readonly origins?: readonly OriginKind[]
}
/** `undefined`: nothing to say. One `tap` for sync and async. */
export type TapFn<V, R> = (view: V, call: Call) => R | undefined | Promise<R | undefined>

export interface Tappable<V, R> {
  tap(fn: TapFn<V, R>): void
  tap(options: TapOptions, fn: TapFn<V, R>): void
}
export interface CleanupHook {
  tap<const B extends BodyTier>(options: CleanupOptions<B>, fn: TapFn<DraftView<B>, Answer<'cleanup'>>): void
}
export interface FactHook<F> {
  /** `undefined`, not `void`: an async function does not compile */
  tap(fn: (fact: F) => undefined): void
}
export interface CommandOptions {
  /** EHLO line, e.g. `ETRN` */
  readonly keyword?: string
}
export interface Lifecycle {
  /** after every provider of what this plugin needs; may be aborted */
  start?(signal: AbortSignal): Promise<void> | void
  /** everything has started: open the doors */
  ready?(): Promise<void> | void
  /** take no new work; resolves when what is in hand is done, or `signal` says that the time is over */
  drain?(signal: AbortSignal): Promise<void> | void
  /** let go of everything; reverse order of start */
  stop?(): Promise<void> | void
}
/** Values of the configuration's top level that all plugins may read. */
export interface Site {
  readonly myhostname: string
  readonly mydomain: string
  readonly myorigin: string
  readonly mailName: string
  readonly recipientDelimiter: string
  /** folder of the queue and what else must last */
  readonly spool: string
  readonly messageSizeLimit: number
  readonly headerSizeLimit: number
  /** false: X-Original-To is not written */
  readonly enableOriginalRecipient: boolean
  readonly recipientLimit: number
  readonly hopcountLimit: number
  /** refusals are 4xx (`soften`) */
  readonly softBounce: boolean
  readonly bounceSizeLimit: number
  /** ms; 0: never */
  readonly delayWarningTime: number
  /** ms */
  readonly maximalQueueLifetime: number
  /** which of the processes that share the work this is: 0 to count - 1 */
  readonly worker: {
    readonly index: number
    readonly count: number
    /** a primary sees to it that no two daemons share the spool */
    readonly supervised?: boolean
  }
}
/** The queue, for plugins that look after it (ETRN, an admin page). */
export interface QueueControl {
  /** messages in this process's part of the queue */
  list(filter?: QueueFilter): AsyncIterable<QueueEntry>
  /** Tries these now; without ids everything that waits. Dead destinations are tried again. */
  flush(ids?: readonly MessageId[]): void
}

type OneRole = Role<any, 'one'> // eslint-disable-line @typescript-eslint/no-explicit-any
type NamedRole = Role<any, 'named'> // eslint-disable-line @typescript-eslint/no-explicit-any

export interface Mta<P extends AnyRole = AnyRole> {
  readonly connect: Tappable<View<'connect'>, Answer<'connect'>>
  readonly helo: Tappable<View<'helo'>, Answer<'helo'>>
  readonly auth: Tappable<View<'auth'>, Answer<'auth'>>
  readonly mail: Tappable<View<'mail'>, Answer<'mail'>>
  readonly relay: Tappable<View<'relay'>, Answer<'relay'>>
  readonly rcpt: Tappable<View<'rcpt'>, Answer<'rcpt'>>
  readonly data: Tappable<View<'data'>, Answer<'data'>>
  readonly cleanup: CleanupHook
  /** tap it, or ask it: where would mail for this address go? Three answers, nothing is written */
  readonly resolve: Tappable<View<'resolve'>, Answer<'resolve'>> &
    ((address: string, call: Call) => Promise<ResolvedAddress>)
  readonly attempt: Tappable<View<'attempt'>, Answer<'attempt'>>
  readonly report: Tappable<View<'report'>, Answer<'report'>>
  readonly on: { readonly [F in Fact]: FactHook<Facts[F]> }
  /** a verb the core does not know (ETRN, XCLIENT ...) */
  command(verb: string, options: CommandOptions, fn: TapFn<View<'command'>, Answer<'command'>>): void

  /** a way out, by name; the use's `as` is the customary name */
  deliver(name: string, transport: Transport): void
  /** a way in; the name is the scope that `onListener` and `listener` of other uses speak of */
  listen(name: string): () => Listener
  provide<R extends P & OneRole>(role: R, impl: R extends Role<infer T, 'one'> ? T : never): void
  provideNamed<R extends P & NamedRole>(role: R, name: string, impl: R extends Role<infer T, 'named'> ? T : never): void
  /** the table behind an option: opened once by the core, checked at start, traced */
  table(ref: TableRef, use?: TableUse): Table
  /** says that a transport's name stands in the option `where`: the start is refused when nobody provides it */
  transport(name: string, where?: string): string

  lifecycle(hooks: Lifecycle): void
  /** What must live on over a reload (ports, pools, connections): made once per key, handed to the next graph, disposed when nobody keeps it. */
  keep<T>(key: string, make: () => T, dispose: (value: T) => Promise<void> | void): () => T
  /** writes a slot; only the plugin that declares the token should hold a writer */
  slot<T>(token: SlotToken<T>): { set(view: SessionView | MailView | DraftView, value: T): void }
  mark(token: MarkToken<any>): void // eslint-disable-line @typescript-eslint/no-explicit-any

  /** mail of this plugin's own: enters at cleanup, resolves with the id when durable; rejects when refused */
  submit(draft: MessageDraft, origin?: { kind: 'submit' | 'forward' | 'bounce'; of?: string }): Promise<string>
  /** bounded work for consumers of facts (webhooks): queued, logged when it fails, waited for at drain */
  background(fn: (signal: AbortSignal) => Promise<void>): void

  readonly queue: QueueControl
  /** what is one for all processes that share the work */
  readonly shared: Shared
  /** sockets that were bound for this process */
  readonly sockets: SocketSource
  /** deliveries with a recipient's rights */
  readonly users: UserDelivery

  /** this use's name: `as`, or the plugin's name */
  readonly name: string
  /** `as`, where one was given */
  readonly as: string | undefined
  readonly site: Site
  readonly log: Logger
  readonly clock: Clock
  /** folder of the configuration file: relative paths in options are relative to it */
  readonly folder: string
}

export type OnFault = 'defer' | 'pass' | 'hold'
export interface Bind {
  /** a name of its own for this use; needed when a plugin is used twice */
  readonly as?: string
  /** only in this listener's scope */
  readonly listener?: string
  readonly onFault?: OnFault
  readonly phase?: TapOptions['phase']
  readonly before?: string | readonly string[]
  readonly after?: string | readonly string[]
  /** ms */
  readonly timeout?: number
}
export interface Use<O = unknown> extends Bind {
  readonly kind: 'use'
  /** the plugin itself (TypeScript) or its name (YAML, JSON) */
  readonly plugin: AnyPlugin | string
  readonly options?: O
  /** options that differ in one listener's scope (Postfix's `-o`) */
  readonly onListener?: Readonly<Record<string, Partial<O>>>
}
export interface PluginDefinition<
  S extends z.ZodType = z.ZodType,
  N extends Needs = Needs,
  P extends AnyRole = AnyRole,
> {
  readonly contract: number
  readonly name: string
  readonly options: S
  readonly needs: N
  readonly provides: readonly P[]
  readonly optional: readonly string[]
  readonly apply: (mta: Mta<P>, options: z.output<S>, needs: Resolved<N>) => void
}
export type AnyDefinition = PluginDefinition<any, any, any> // eslint-disable-line @typescript-eslint/no-explicit-any
/** A plugin whose options' types are not known here. It has no call signature: one with `any` would swallow wrong options. */
export interface AnyPlugin {
  readonly definition: AnyDefinition
}
export interface Plugin<S extends z.ZodType> extends AnyPlugin {
  (options?: z.input<S>, bind?: Bind & { onListener?: Record<string, Partial<z.input<S>>> }): Use<z.input<S>>
}

/**
 * Defines a plugin. `apply` is synchronous, does no I/O and only collects: taps, transports, providers, lifecycle.
 * `needs` become values in `apply`'s third argument (usable once started); list a need's property name in `optional` when
 * the plugin can do without.
 */
export function definePlugin<S extends z.ZodType, const N extends Needs = {}, P extends AnyRole = never>(def: {
  readonly name: string
  readonly options: S
  readonly needs?: N
  readonly provides?: readonly P[]
  readonly optional?: readonly (keyof N & string)[]
  apply(mta: Mta<P>, options: z.output<S>, needs: Resolved<N>): undefined | void
}): Plugin<S> {
  const definition: PluginDefinition<S, N, P> = {
    contract: CONTRACT,
    name: def.name,
    options: def.options,
    needs: def.needs ?? ({} as N),
    provides: def.provides ?? [],
    optional: def.optional ?? [],
    apply: (mta, options, needs) => def.apply(mta, options, needs) as undefined,
  }
  const plugin = (options?: z.input<S>, bind?: Bind): Use<z.input<S>> => ({
    kind: 'use',
    plugin: plugin as unknown as AnyPlugin,
    options,
    ...bind,
  })
  return Object.assign(plugin, { definition }) as unknown as Plugin<S>
}
