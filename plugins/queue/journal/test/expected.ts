/** What the model knows of a message, and the comparison with what a queue tells of it. */
import * as assert from 'uvu/assert'
import type { JournalOptions } from '@postern/queue-journal'

export interface ModelOptions {
  /** segments go when their own messages are gone: wrong */
  readonly naive: boolean
  readonly journal: Partial<JournalOptions>
  /** share of restarts without a stop; of those, share that loses unsynced writes */
  readonly kills: number
  readonly cuts: number
}
interface Recipient {
  state: string
  text?: string | undefined
  parent?: number
}
export interface Expected {
  body: Buffer
  states: Recipient[]
  attempts: number
  nextTry: number
  held?: string | undefined
  expired?: boolean
  warned?: boolean
  trying: boolean
  crashes: number
  longLived: boolean
  /** changes so far: what was read across one cannot be compared */
  version: number
  /** a requeue of it is under way */
  leaving?: boolean
}
export const pendingOf = (m: Expected) => m.states.flatMap((s, n) => (s.state === 'pending' ? [n] : []))

export function same(id: string, found: Parameters<typeof factsOf>[0], expected: Expected): void {
  const states = expected.states.map(({ state, text, parent }) => ({ state, text, parent }))
  const { attempts, nextTry, held, expired, warned } = expected
  const [is, should] = [factsOf(found), { states, attempts, nextTry, held, expired, warned }]
  if (JSON.stringify(is) === JSON.stringify(should)) return
  // a list of hundreds takes long to lay side by side: the first that differ are shown
  const differ = Array.from({ length: Math.max(is.states.length, states.length) }, (_, n) => n).filter(
    (n) => JSON.stringify(is.states[n]) !== JSON.stringify(states[n]),
  )
  const some = <T extends { states: readonly unknown[] }>(all: T) => ({
    ...all,
    states: differ.slice(0, 5).map((n) => [n, all.states[n]]),
    count: all.states.length,
  })
  assert.is(JSON.stringify(some(is)), JSON.stringify(some(should)), `recipients of ${id}`)
}
interface Found {
  readonly recipients: readonly { readonly state: string; readonly text?: string; readonly parent?: number }[]
  readonly attempts: number
  readonly nextTry: number
  readonly held?: { readonly reason: string } | undefined
  readonly expired?: boolean
  readonly warned?: boolean
}
const factsOf = ({ recipients, attempts, nextTry, held, expired, warned }: Found) => ({
  states: recipients.map(({ state, text, parent }) => ({ state, text, parent })),
  attempts,
  nextTry,
  held: held?.reason,
  expired,
  warned,
})
