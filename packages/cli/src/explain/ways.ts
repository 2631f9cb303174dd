/** Where a recipient's mail goes: the expansions, followed as the core follows them. */
import type { ExplainRoute } from '@postern/core'
import { tapsOf } from './taps.ts'
import type { SaidTap } from './taps.ts'

export interface Way {
  readonly address: string
  /** how many expansions above */
  readonly depth: number
  readonly taps: readonly SaidTap[]
}
interface Open {
  readonly address: string
  readonly final: boolean
  readonly above: readonly string[]
}

/** The addresses in the order in which they were asked for, each with the taps that spoke about it. */
export function waysOf(route: ExplainRoute): Way[] {
  const ways: (Way & { taps: SaidTap[] })[] = []
  const seen = new Set<string>()
  let open: Open[] = [{ address: route.recipient, final: false, above: [] }]
  let at: Open | undefined
  for (const tap of tapsOf(route.events)) {
    if (!at) {
      // an address that was met before is not asked for again
      while (open.length > 1 && seen.has(keyOf(open[0]!))) open = open.slice(1)
      ;[at, ...open] = open as [Open, ...Open[]]
      if (!at) break
      seen.add(keyOf(at))
      ways.push({ address: at.address, depth: at.above.length, taps: [] })
    }
    ways.at(-1)!.taps.push(tap)
    if (tap.verdict?.kind === 'expand') open = [...childrenOf(at, tap), ...open]
    if (tap.verdict || tap.fault !== undefined) at = undefined
  }
  return ways.length > 0 ? ways : [{ address: route.recipient, depth: 0, taps: [] }]
}
function childrenOf(at: Open, tap: SaidTap): Open[] {
  const above = [at.address, ...at.above]
  const known = new Set(above.map((a) => a.toLowerCase()))
  return (tap.verdict?.to ?? []).map((a) => ({
    address: a.address,
    final: a.final === true || known.has(a.address.toLowerCase()),
    above,
  }))
}
const keyOf = (o: Open): string => `${o.address.toLowerCase()} ${o.final}`
