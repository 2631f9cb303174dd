/** From recipients to next hops: each asks `resolve` until it has a route, an end, or becomes others. */
import { deferred, delivered, failedWith } from '../contract/deliver.ts'
import type { JobRecipient, Outcome } from '../contract/deliver.ts'
import type { Notify, PermanentCode, TemporaryCode } from '../contract/verdicts.ts'
import type { Graph } from '../graph/graph.ts'
import type { ActiveMessage, ActiveRecipient } from './active.ts'
import { DEFERRED_TRANSPORT } from './deliveries.ts'
import type { Deliveries } from './deliveries.ts'
import type { Engine } from './engine.ts'
import type { Recording } from './recording.ts'
import { resolveStep } from './resolve.ts'
import type { Step } from './resolve.ts'

/** recipients resolved before others get a turn of the loop */
const RESOLVE_AT_ONCE = 500

const NO_WAY = { transport: '', nexthop: '' }
const failureOf = ({ permanent, esc, text, cause, relay }: Extract<Step, { kind: 'failed' }>): Outcome =>
  permanent
    ? failedWith(esc as PermanentCode, text, { cause, relay })
    : deferred(esc as TemporaryCode, text, { cause, relay })

export class Resolving {
  readonly #engine: Engine
  readonly #deliveries: Deliveries
  readonly #recording: Recording

  constructor(engine: Engine, deliveries: Deliveries) {
    this.#engine = engine
    this.#deliveries = deliveries
    this.#recording = deliveries.recording
  }
  /** Synchronous as long as no tap waits; a list lets others in between. */
  all(m: ActiveMessage, graph: Graph): Promise<void> | undefined {
    for (let n = 0; m.open.length > 0; n++) {
      const r = m.open.pop()!
      const step = resolveStep(this.#engine, graph, {
        messageId: m.message.id,
        envelope: m.message.envelope,
        address: r.address,
        original: r.original,
        ancestors: r.ancestors,
        final: r.final ?? false,
      })
      const more =
        step instanceof Promise ? step.then((s) => this.#step(m, graph, r, s)) : this.#step(m, graph, r, step)
      if (more) return more.then(() => this.all(m, graph))
      if (n >= RESOLVE_AT_ONCE) return new Promise<void>((wake) => setImmediate(wake)).then(() => this.all(m, graph))
    }
    return undefined
  }
  #step(m: ActiveMessage, graph: Graph, r: ActiveRecipient, step: Step): Promise<void> | undefined {
    const to: JobRecipient = {
      n: r.n,
      address: r.address,
      original: r.original,
      orcpt: r.orcpt,
      notify: r.notify,
      user: step.kind === 'route' ? step.user : undefined,
    }
    if (step.kind === 'expand') {
      if (m.mayExpand(r, step.to.length, graph.settings.virtualAliasExpansionLimit)) return this.#expand(m, r, step)
      const cause = `${r.original} becomes more than ${graph.settings.virtualAliasExpansionLimit} addresses`
      this.#recording.settled(m, r, to, deferred('4.6.0', 'Alias expansion error', { cause }), NO_WAY, graph)
    } else if (step.kind === 'failed') this.#recording.settled(m, r, to, this.#failure(m, step, graph), NO_WAY, graph)
    else {
      const claimed = m.claim(r, graph.settings.enableOriginalRecipient)
      if (claimed === 'mine') this.#deliveries.add(m, r, to, step.transport, step.nexthop, graph)
      else if (claimed === 'delivered') this.#recording.duplicate(m, r)
      else this.#recording.twin(m, r, claimed)
    }
    return undefined
  }
  /** An agent that is not to be asked says nothing, either. */
  #failure(m: ActiveMessage, step: Extract<Step, { kind: 'failed' }>, graph: Graph): Outcome {
    const { relay } = step
    const asked = relay === undefined || m.round.flushed || !graph.settings.deferTransports.includes(relay)
    return asked ? failureOf(step) : DEFERRED_TRANSPORT
  }
  async #expand(m: ActiveMessage, r: ActiveRecipient, step: Extract<Step, { kind: 'expand' }>): Promise<void> {
    const notify = step.respelled ? r.notify : withoutSuccess(r.notify)
    const seeds = step.to.map((t) => ({
      address: t.address,
      original: r.original,
      orcpt: r.orcpt,
      notify,
      final: t.final,
      bcc: r.bcc,
    }))
    const numbers = await this.#engine.store.expand(m.message.id, r.n, seeds)
    // an address that becomes others has arrived with that; what becomes of each is not the sender's business any more
    if (!step.respelled && r.notify?.includes('SUCCESS'))
      m.successes.push({ recipient: r, outcome: delivered('2.0.0', 'alias expanded'), expanded: true })
    for (const n of numbers) m.round.had.add(n)
    m.unsettled.delete(r.n)
    const ancestors = [r.address, ...r.ancestors]
    for (let i = seeds.length - 1; i >= 0; i--) {
      const child = { ...seeds[i]!, n: numbers[i]!, parent: r.n, ancestors, root: r.root }
      m.unsettled.set(child.n, child)
      m.open.push(child)
    }
  }
}
/** RFC 3461 section 5.2.7: success is told once, for the address that the sender knows. */
function withoutSuccess(notify: readonly Notify[] | undefined): readonly Notify[] | undefined {
  if (!notify?.includes('SUCCESS')) return notify
  const rest = notify.filter((n) => n !== 'SUCCESS')
  return rest.length > 0 ? rest : ['NEVER']
}
