/** A machine comes back after an outage: everything that waited is due, and new mail comes. */
import { Simulation } from '../support/simulation.ts'

export const SITES = 2000
export const LATENCY = 1000
export const NEW_PER_SECOND = 50
const NEW = 'new@sim.test'
const OLD = 'old@sim.test'

export interface FeedOptions {
  readonly messages: number
  readonly seconds: number
  /** deliveries at a time over all sites */
  readonly processes: number
}
export async function feed({ messages, seconds, processes }: FeedOptions) {
  const sim = await Simulation.start({
    limits: { processes },
    site: () => ({ latency: LATENCY }),
    // the oldest are four days old, and were put back a different number of times: their order in the queue is no order of age
    backlog: ({ start }) => ({
      count: messages,
      sender: OLD,
      domain: (n) => `site${(n * 7919) % SITES}.test`,
      created: (n) => start - 3_600_000 - Math.floor(((messages - n) / messages) * 4 * 86_400_000),
      nextTry: (n) => start - 1 - Math.floor(((messages - n) / messages) * 3_600_000),
    }),
  })
  sim.network.dials = []
  sim.arrive(NEW_PER_SECOND, seconds, (n) => ({ sender: NEW, recipients: [`n@site${(n * 31) % SITES}.test`] }))
  const series = sim.sample(0.5, () => ({
    old: sim.network.delays.get(OLD)?.length ?? 0,
    fresh: sim.network.delays.get(NEW)?.length ?? 0,
    active: sim.queue.active,
  }))
  const began = performance.now()
  await sim.run(seconds)
  return {
    sim,
    series,
    dials: sim.network.dials,
    newDelays: sim.network.delays.get(NEW) ?? [],
    oldDelivered: sim.network.delays.get(OLD)?.length ?? 0,
    /** of the machine that simulates */
    realSeconds: (performance.now() - began) / 1000,
  }
}
