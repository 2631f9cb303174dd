/** Applies one plugin without sockets, so that a test can ask its taps. */
import { logger, tableTypes } from '@postern/core'
import type {
  Answer,
  BodyTier,
  Call,
  DraftView,
  Fact,
  Facts,
  Job,
  MessageDraft,
  Needs,
  OpenTable,
  Outcome,
  Plugin,
  Stage,
  Table,
  TableSource,
  TableType,
  Transport,
  View,
} from '@postern/core'
import type { z } from 'zod'
import { fakeCall } from '../call.ts'
import { answerOf, partsOf } from './answers.ts'
import type { TapContext } from './context.ts'
import { Recorder } from './recorder.ts'
import type { Logged, RecordedTap } from './recorder.ts'

type Ask<S extends Stage> = (view: View<S>, call?: Call) => Promise<Answer<S> | undefined>

/**
 * The plugin's taps as functions. Each asks all taps of that hook in the order in which they were registered and answers
 * what the first verdict and all edits up to it make; edits are not applied to the view. An answer that the stage cannot
 * carry out throws, as it would be a fault.
 */
export interface Tapped {
  readonly connect: Ask<'connect'>
  readonly helo: Ask<'helo'>
  readonly auth: Ask<'auth'>
  readonly mail: Ask<'mail'>
  readonly relay: Ask<'relay'>
  readonly rcpt: Ask<'rcpt'>
  readonly data: Ask<'data'>
  readonly resolve: Ask<'resolve'>
  readonly attempt: Ask<'attempt'>
  readonly report: Ask<'report'>
  /** taps whose `origins` do not fit the draft's origin are passed over */
  cleanup(draft: DraftView<BodyTier>, call?: Call): Promise<Answer<'cleanup'> | undefined>
  /** `undefined` when the verb is not registered */
  readonly command: Ask<'command'>
  /** tells the plugin a fact */
  tell<F extends Fact>(fact: F, facts: Facts[F]): void
  /** Runs a transport of the plugin; each recipient's outcome, by address. A throw defers those without one. */
  deliver(
    transport: string,
    job: Job & { outcomes(): ReadonlyMap<string, Outcome> },
    call?: Call,
  ): Promise<ReadonlyMap<string, Outcome>>
  /** what the plugin provides for a role: `provided('resolver')`, `provided('tableTypes', 'hash')` */
  provided(role: string, name?: string): unknown
  /** Opens a table of a type that the plugin provides, as the core does for `type:spec` in a file of `folder`. */
  table(type: string, spec: TableSource['spec'], folder?: string, parts?: readonly Table[]): Promise<OpenTable>
  readonly transports: ReadonlyMap<string, Transport>
  /** all taps, with their options */
  readonly taps: readonly RecordedTap[]
  /** names of listeners that the plugin opens */
  readonly listeners: readonly string[]
  /** transports that the plugin says its options name */
  readonly transportNames: readonly string[]
  readonly submitted: readonly {
    readonly draft: MessageDraft
    readonly origin?: { readonly kind: string; readonly of?: string }
  }[]
  readonly logged: readonly Logged[]
  /** lifecycle: start, then ready */
  start(): Promise<void>
  /** lifecycle: drain and stop, background work, what was kept */
  stop(): Promise<void>
}

/** Checks the options by the plugin's schema (throws a ZodError) and applies the plugin. */
export function tap<S extends z.ZodType>(plugin: Plugin<S>, options?: z.input<S>, context: TapContext = {}): Tapped {
  const { definition } = plugin
  const recorder = new Recorder(definition.name, context)
  const parsed = definition.options.parse(options ?? {})
  const result: unknown = definition.apply(recorder.mta(), parsed, needsOf(definition, context) as never)
  if (result !== undefined) throw new TypeError(`${definition.name}: apply must be synchronous and return nothing`)
  recorder.freeze()
  return new Face(recorder) as unknown as Tapped
}

function needsOf(definition: Plugin<z.ZodType>['definition'], context: TapContext): unknown {
  const given = context.needs ?? {}
  const out: Record<string, unknown> = {}
  for (const [property, role] of Object.entries(definition.needs as Needs)) {
    const value = given[property]
    if (value === undefined && role.arity === 'one' && !definition.optional.includes(property)) {
      throw new Error(`${definition.name} needs ${role.id}: give tap() { needs: { ${property}: ... } }`)
    }
    out[property] = role.arity === 'named' ? named((value ?? {}) as Record<string, unknown>) : value
  }
  return out
}
const named = (byName: Record<string, unknown>) =>
  typeof byName.get === 'function' && typeof byName.names === 'function'
    ? byName
    : { get: (name: string) => byName[name], names: () => Object.keys(byName) }

const ASKED = [
  'connect',
  'helo',
  'auth',
  'mail',
  'relay',
  'rcpt',
  'data',
  'resolve',
  'attempt',
  'report',
  'cleanup',
  'command',
] as const

class Face {
  readonly #recorder: Recorder

  constructor(recorder: Recorder) {
    this.#recorder = recorder
    for (const hook of ASKED) {
      Object.defineProperty(this, hook, {
        value: (view: unknown, call?: Call) => this.#ask(hook, view, call),
        enumerable: true,
      })
    }
  }
  get transports() {
    return this.#recorder.transports
  }
  get taps() {
    return this.#recorder.taps
  }
  get listeners() {
    return this.#recorder.listeners
  }
  get transportNames() {
    return this.#recorder.transportNames
  }
  get submitted() {
    return this.#recorder.submitted
  }
  get logged() {
    return this.#recorder.logged
  }
  tell(fact: Fact, facts: unknown): void {
    for (const f of this.#recorder.facts) if (f.fact === fact) f.fn(facts as never)
  }
  provided(role: string, name?: string): unknown {
    return this.#recorder.provided.get(name === undefined ? role : `${role}/${name}`)
  }
  async table(
    type: string,
    spec: TableSource['spec'],
    folder = process.cwd(),
    parts: readonly Table[] = [],
  ): Promise<OpenTable> {
    const impl = this.provided(tableTypes.id, type) as TableType | undefined
    if (!impl) throw new Error(`the plugin provides no table type ${type}`)
    const { clock, sink } = this.#recorder
    return impl.open({ spec, where: 'test', folder }, { log: logger(() => sink), clock, parts })
  }
  async deliver(
    name: string,
    job: Parameters<Tapped['deliver']>[1],
    call = this.#call(),
  ): Promise<ReadonlyMap<string, Outcome>> {
    const transport = this.#recorder.transports.get(name)
    if (!transport)
      throw new Error(`no transport ${name}; there is ${[...this.transports.keys()].join(', ') || 'none'}`)
    await deliverWith(transport, job, call)
    return job.outcomes()
  }
  async start(): Promise<void> {
    for (const l of this.#recorder.lifecycles) await l.start?.(new AbortController().signal)
    for (const l of this.#recorder.lifecycles) await l.ready?.()
  }
  async stop(): Promise<void> {
    const reverse = [...this.#recorder.lifecycles].reverse()
    for (const l of reverse) await l.drain?.(AbortSignal.timeout(10_000))
    await Promise.all(this.#recorder.background)
    for (const l of reverse) await l.stop?.()
    for (const { value, dispose } of this.#recorder.kept.values()) await dispose(value as never)
  }
  #call(): Call {
    return fakeCall({ clock: this.#recorder.clock })
  }
  async #ask(hook: Stage, view: unknown, call = this.#call()): Promise<unknown> {
    const parts = []
    for (const t of this.#recorder.taps) {
      if (t.hook !== hook || !speaksTo(t, view)) continue
      const part = partsOf(hook, await t.fn(view as never, call))
      parts.push(part)
      if (part.verdict) break
    }
    return answerOf(parts)
  }
}

function speaksTo(t: RecordedTap, view: unknown): boolean {
  if (t.hook === 'command') return t.verb === (view as View<'command'>).verb.toUpperCase()
  if (t.hook !== 'cleanup') return true
  const { kind } = (view as DraftView).origin
  return t.options.origins ? t.options.origins.includes(kind) : kind !== 'bounce'
}

/** A throw says nothing about recipients that have their outcome; the others are deferred, as the core does. */
export async function deliverWith(transport: Transport, job: Job, call: Call): Promise<void> {
  try {
    await transport.deliver(job, call)
  } catch (error) {
    job.all({
      kind: 'deferred',
      esc: '4.3.0',
      text: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}
