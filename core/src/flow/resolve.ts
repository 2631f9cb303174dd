/** Where mail for an address goes: routes, expansion, and the one place that guards against loops and duplicates. */
import type { Trace } from '../contract/call.ts'
import type { MaybePromise } from '../contract/listener.ts'
import type { Envelope } from '../contract/store.ts'
import type { AddressClass, Defer, Expand, NewAddress, Refuse, Route } from '../contract/verdicts.ts'
import type { ResolveView } from '../contract/views.ts'
import { addressKey, addressOf, parseAddress } from '../address.ts'
import type { Graph } from '../graph/graph.ts'
import type { Result } from '../hooks/guard.ts'
import { runStage, then } from './engine.ts'
import type { Engine } from './engine.ts'
import { MarkStore } from './slots.ts'
import { isSound } from './sound.ts'

/** Where mail for an address would go; `failures`: addresses that it leads to and that go nowhere. */
export type ResolvedAddress =
  | {
      readonly kind: 'routes'
      readonly routes: readonly ResolvedRoute[]
      readonly failures: readonly ResolvedFailure[]
    }
  | ({ readonly kind: 'failed' } & ResolvedFailure)
export interface ResolvedFailure {
  readonly address: string
  readonly permanent: boolean
  readonly esc: string
  readonly text: string
}
export interface ResolvedRoute {
  readonly address: string
  readonly transport: string
  readonly nexthop: string
  readonly addressClass?: AddressClass
}
/** One step for one recipient. */
export type Step =
  | {
      readonly kind: 'route'
      readonly transport: string
      readonly nexthop: string
      readonly user?: string
      readonly addressClass?: AddressClass
    }
  | { readonly kind: 'expand'; readonly to: readonly NewAddress[]; readonly respelled?: boolean }
  | {
      readonly kind: 'failed'
      readonly permanent: boolean
      readonly esc: string
      readonly text: string
      readonly cause?: unknown
      readonly relay?: string
    }

export interface ResolveSubject {
  readonly messageId: string
  readonly envelope: Pick<Envelope, 'sender' | 'origin' | 'marks' | 'route'>
  readonly address: string
  readonly original: string
  /** nearest first */
  readonly ancestors: readonly string[]
  /** not to be expanded again */
  readonly final: boolean
}
const NOBODY = {
  kind: 'failed',
  permanent: false,
  esc: '4.3.5',
  text: 'no plugin knows a route for this recipient',
} as const
const BAD_SYNTAX = { kind: 'failed', permanent: true, esc: '5.1.3', text: 'bad address syntax' } as const
const FAULTED = {
  kind: 'failed',
  permanent: false,
  esc: '4.3.0',
  text: 'address resolution failed for the moment',
} as const

export function resolveStep(engine: Engine, graph: Graph, s: ResolveSubject, trace?: Trace): MaybePromise<Step> {
  const recipient = addressOf(s.address)
  if (!isSound(recipient, graph) || (recipient.domain === '' && !parseAddress(s.address, { lenient: true })))
    return BAD_SYNTAX
  const { route } = s.envelope
  if (route) return { kind: 'route', transport: route.transport, nexthop: route.nexthop ?? recipient.domain }
  const view: ResolveView = {
    messageId: s.messageId,
    sender: s.envelope.sender,
    recipient,
    original: s.original,
    ancestors: s.ancestors,
    final: s.final,
    origin: s.envelope.origin,
    marks: new MarkStore({ ...s.envelope.marks }),
  }
  const frame = { scope: engine.scope, clock: engine.clock, log: graph.log, trace, ids: { id: s.messageId } }
  return then(runStage(graph.root, 'resolve', view, frame), (result) => stepOf(graph, s, recipient.domain, result))
}

function stepOf(graph: Graph, s: ResolveSubject, domain: string, result: Result | undefined): Step {
  if (!result) return NOBODY
  if (result.fault) return FAULTED
  const v = result.verdict as Route | Expand | Refuse | Defer
  if (v.kind === 'refuse' || v.kind === 'defer') {
    const { esc, text, cause, relay } = v
    return { kind: 'failed', permanent: v.kind === 'refuse', esc, text, cause, relay }
  }
  if (v.kind === 'route')
    return {
      kind: 'route',
      transport: v.transport,
      nexthop: v.nexthop ?? domain,
      user: v.user,
      addressClass: v.addressClass,
    }
  return expansion(graph, s, v as Expand)
}

/** What expansion may do: not in a circle, not without end. An operator's mistake keeps the mail, it does not return it. */
function expansion(graph: Graph, s: ResolveSubject, v: Expand): Step {
  const { virtualAliasExpansionLimit, virtualAliasRecursionLimit } = graph.settings
  const wrong = (cause: string): Step => ({
    kind: 'failed',
    permanent: false,
    esc: '4.6.0',
    text: 'Alias expansion error',
    cause,
  })
  if (s.final) return wrong(`${s.address} was final and was expanded again`)
  // nobody would be left to deliver to, and nobody told
  if (v.to.length === 0) return wrong(`${s.address} expands to nothing`)
  if (v.to.length > virtualAliasExpansionLimit)
    return wrong(`${s.address} expands to more than ${virtualAliasExpansionLimit} addresses`)
  // Postfix gives up before it looks at what comes out of the last one
  if (s.ancestors.length + 1 >= virtualAliasRecursionLimit)
    return wrong(`${s.address} is expanded ${virtualAliasRecursionLimit} levels deep`)
  const itself = keyOf(s.address)
  const above = new Set(s.ancestors.map(keyOf))
  const to = new Map<string, NewAddress>()
  for (const a of v.to) {
    const given = parseAddress(a.address, { lenient: true })
    const parsed = given && graph.rewriter.standard(given)
    if (!parsed) return wrong(`${s.address} expands to ${JSON.stringify(a.address)}, which is not an address`)
    const key = addressKey(parsed)
    if (key !== itself && above.has(key)) return wrong(`${s.address} leads back to ${a.address}`)
    // an alias that names itself means "and deliver it", as Postfix takes it
    if (!to.has(key)) to.set(key, { address: parsed.text, final: a.final === true || key === itself })
  }
  return { kind: 'expand', to: [...to.values()], respelled: v.respelled }
}
const keyOf = (address: string) => addressKey(addressOf(address))

/** Follows an address to its ends; nothing is written. Duplicates are named once. It fails where all of its ends do. */
export async function resolveAll(
  engine: Engine,
  graph: Graph,
  subject: ResolveSubject,
  trace?: Trace,
): Promise<ResolvedAddress> {
  const routes: ResolvedRoute[] = []
  const failures: ResolvedFailure[] = []
  const seen = new Set<string>()
  const open: ResolveSubject[] = [subject]
  while (open.length > 0) {
    const s = open.shift()!
    const key = `${keyOf(s.address)}\0${s.final}`
    if (seen.has(key)) continue
    seen.add(key)
    const step = await resolveStep(engine, graph, s, trace)
    if (step.kind === 'failed') {
      const { permanent, esc, text } = step
      failures.push({ address: s.address, permanent, esc, text })
    } else if (step.kind === 'route')
      routes.push({
        address: s.address,
        transport: step.transport,
        nexthop: step.nexthop,
        addressClass: step.addressClass,
      })
    else
      open.unshift(
        ...step.to.map((t) => ({
          ...s,
          address: t.address,
          final: t.final ?? false,
          ancestors: [s.address, ...s.ancestors],
        })),
      )
  }
  const [failure] = failures
  return routes.length === 0 && failure ? { kind: 'failed', ...failure } : { kind: 'routes', routes, failures }
}
