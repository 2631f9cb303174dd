/** An Mta that writes down what a plugin's `apply` asks of it, without any engine behind. */
import { LocalShared, logger, noSockets, noUsers, systemClock } from '@postern/core'
import type {
  AnyRole,
  CleanupOptions,
  Clock,
  Fact,
  Level,
  Lifecycle,
  LogSink,
  MailView,
  MessageDraft,
  Mta,
  OriginKind,
  SessionView,
  SlotToken,
  Stage,
  TableRef,
  TapOptions,
  Transport,
} from '@postern/core'
import type { Call, Shared, UserDelivery } from '@postern/core'
import { SITE, tableOf } from './context.ts'
import type { TapContext } from './context.ts'
import { FakeSlots } from './slots.ts'

export type AnyTap = (view: never, call: Call) => unknown
export interface RecordedTap {
  readonly hook: Stage
  readonly options: TapOptions & { readonly origins?: readonly OriginKind[] }
  readonly fn: AnyTap
  readonly verb?: string
  readonly keyword?: string
}
export interface Logged {
  readonly level: Level
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}
export interface Kept {
  readonly value: unknown
  readonly dispose: (value: never) => Promise<void> | void
}

const HOOKS = ['connect', 'helo', 'auth', 'mail', 'relay', 'rcpt', 'data', 'attempt', 'report'] as const

export class Recorder {
  readonly taps: RecordedTap[] = []
  readonly facts: { fact: Fact; fn: (fact: never) => undefined }[] = []
  readonly lifecycles: Lifecycle[] = []
  readonly transports = new Map<string, Transport>()
  readonly provided = new Map<string, unknown>()
  readonly listeners: string[] = []
  readonly transportNames: string[] = []
  readonly submitted: { draft: MessageDraft; origin?: { kind: string; of?: string } }[] = []
  readonly logged: Logged[] = []
  readonly background = new Set<Promise<void>>()
  readonly kept = new Map<string, Kept>()
  /** what the plugin asked the queue to try, `undefined` for everything */
  readonly flushed: (readonly string[] | undefined)[] = []
  readonly shared: Shared
  /** replace it to see what is asked */
  users: UserDelivery = noUsers
  readonly #context: TapContext
  readonly #name: string
  #frozen = false

  constructor(name: string, context: TapContext) {
    this.#name = context.as ?? name
    this.#context = context
    this.shared = new LocalShared(this.clock)
  }
  freeze(): void {
    this.#frozen = true
  }
  get clock(): Clock {
    return this.#context.clock ?? systemClock
  }
  get sink(): LogSink {
    return { enabled: () => true, write: (level, event, fields) => void this.logged.push({ level, event, fields }) }
  }

  mta(): Mta {
    const tappable = (hook: Stage) => ({ tap: (a: TapOptions | AnyTap, b?: AnyTap) => this.#tap(hook, a, b) })
    const ask = (address: string, call: Call) => this.#resolve(address, call)
    return {
      ...Object.fromEntries(HOOKS.map((hook) => [hook, tappable(hook)])),
      cleanup: { tap: (o: CleanupOptions<never>, fn: AnyTap) => this.#tap('cleanup', o, fn) },
      resolve: Object.assign(ask, tappable('resolve')),
      on: this.#on(),
      command: (verb: string, o: { keyword?: string }, fn: AnyTap) =>
        this.#collect(() =>
          this.taps.push({ hook: 'command', options: {}, fn, verb: verb.toUpperCase(), keyword: o.keyword }),
        ),
      deliver: (name: string, transport: Transport) => this.#collect(() => this.transports.set(name, transport)),
      listen: (name: string) => this.#listen(name),
      provide: (role: AnyRole, impl: unknown) => this.#collect(() => this.provided.set(role.id, impl)),
      provideNamed: (role: AnyRole, name: string, impl: unknown) =>
        this.#collect(() => this.provided.set(`${role.id}/${name}`, impl)),
      table: (ref: TableRef) => tableOf(ref, this.#context.tables),
      transport: (name: string) => {
        this.#collect(() => this.transportNames.push(name))
        return name
      },
      lifecycle: (hooks: Lifecycle) => this.#collect(() => this.lifecycles.push(hooks)),
      keep: (key: string, make: () => unknown, dispose: Kept['dispose']) => () => this.#keep(key, make, dispose),
      slot: (token: SlotToken<unknown>) => ({
        set: (view: SessionView | MailView, value: unknown) => write(view, token, value),
      }),
      mark: () => undefined,
      submit: (draft: MessageDraft, origin?: { kind: string; of?: string }) => this.#submit(draft, origin),
      background: (fn: (signal: AbortSignal) => Promise<void>) => this.#run(fn),
      queue: {
        list: async function* () {},
        flush: (ids?: readonly string[]) => void this.flushed.push(ids),
      },
      shared: this.shared,
      users: this.users,
      sockets: noSockets,
      name: this.#name,
      as: this.#context.as,
      site: { ...SITE, ...this.#context.site },
      log: logger(() => this.sink, { use: this.#name }),
      clock: this.clock,
      folder: this.#context.folder ?? process.cwd(),
    } as unknown as Mta
  }

  #collect(fn: () => unknown): void {
    if (this.#frozen) throw new Error(`${this.#name}: nothing can be tapped or provided after apply has returned`)
    fn()
  }
  #tap(hook: Stage, a: TapOptions | AnyTap, b?: AnyTap): void {
    const [options, fn] = typeof a === 'function' ? [{}, a] : [a, b]
    if (typeof fn !== 'function') throw new TypeError(`mta.${hook}.tap expects a function`)
    this.#collect(() => this.taps.push({ hook, options, fn }))
  }
  #on(): unknown {
    const hook = (fact: Fact) => ({
      tap: (fn: (fact: never) => undefined) => this.#collect(() => this.facts.push({ fact, fn })),
    })
    return new Proxy({}, { get: (_target, fact) => hook(fact as Fact) })
  }
  #listen(name: string): () => never {
    this.#collect(() => this.listeners.push(name))
    return () => {
      throw new Error(`the listener ${name} has no engine behind it here: use startMta`)
    }
  }
  #keep(key: string, make: () => unknown, dispose: Kept['dispose']): unknown {
    if (!this.kept.has(key)) this.kept.set(key, { value: make(), dispose })
    return this.kept.get(key)!.value
  }
  async #resolve(address: string, call: Call): Promise<unknown> {
    if (!this.#context.resolve)
      throw new Error(`the test says nothing about where ${address} goes: give tap() { resolve }`)
    return this.#context.resolve(address, call)
  }
  async #submit(draft: MessageDraft, origin?: { kind: string; of?: string }): Promise<string> {
    const id = (await this.#context.submit?.(draft)) ?? `MSG${String(this.submitted.length + 1).padStart(10, '0')}`
    this.submitted.push({ draft, origin })
    return id
  }
  #run(fn: (signal: AbortSignal) => Promise<void>): void {
    const work = fn(new AbortController().signal)
      .catch((error: unknown) => this.sink.write('error', 'background.failed', { error }))
      .finally(() => this.background.delete(work))
    this.background.add(work)
  }
}

function write(view: SessionView | MailView, token: SlotToken<unknown>, value: unknown): void {
  if (!(view.slots instanceof FakeSlots))
    throw new TypeError('make views with sessionView(), mailView(), rcptView() or draftView()')
  view.slots.set(token, value)
}
