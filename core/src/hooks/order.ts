/** The order of a hook's taps: phases first, then the order of the configuration, bent by before, after and facts. */
import type { TapRecord } from './record.ts'

const PHASES = { early: 0, normal: 1, late: 2 } as const

export class OrderCycle extends Error {
  readonly uses: readonly string[]
  constructor(uses: readonly string[]) {
    super(`these taps wait for each other: ${uses.join(' -> ')}`)
    this.uses = uses
  }
}

/** Stable topological order; throws OrderCycle. */
export function order(records: readonly TapRecord[]): TapRecord[] {
  const followers: number[][] = records.map(() => [])
  const waits = records.map(() => 0)
  const edge = (from: number, to: number) => {
    if (from === to || followers[from]!.includes(to)) return
    followers[from]!.push(to)
    waits[to]!++
  }
  records.forEach((r, i) =>
    records.forEach((other, j) => {
      if (r.before.includes(other.use.name)) edge(i, j)
      if (r.after.includes(other.use.name)) edge(j, i)
      if (r.reads.some((slot) => other.writes.includes(slot))) edge(j, i)
    }),
  )
  const out: TapRecord[] = []
  const open = new Set(records.keys())
  while (open.size > 0) {
    let next = -1
    for (const i of open)
      if (waits[i] === 0 && (next < 0 || PHASES[records[i]!.phase] < PHASES[records[next]!.phase])) next = i
    if (next < 0) throw new OrderCycle(cycle(open, followers).map((i) => records[i]!.use.name))
    open.delete(next)
    for (const f of followers[next]!) waits[f]!--
    out.push(records[next]!)
  }
  return out
}

/** Whoever waits has somebody open before it: walking back from anywhere ends in the cycle, never behind it. */
function cycle(open: ReadonlySet<number>, followers: readonly number[][]): number[] {
  const path: number[] = []
  let at = [...open][0]!
  while (!path.includes(at)) {
    path.push(at)
    at = [...open].find((i) => followers[i]!.includes(at))!
  }
  return [...path.slice(path.indexOf(at)), at].reverse()
}
