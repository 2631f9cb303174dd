/** When a message that cannot be delivered is tried again, and how a site's limits hold deliveries back. */
import type { Config, TransportLimits } from '@postern/core'
import { Simulation } from '../support/simulation.ts'

/** The ages, in seconds, at which one message to a site that takes no mail was tried, until it is returned. */
export async function attempts(settings: Config, limits: TransportLimits | undefined, seconds: number, seed?: number) {
  const sim = await Simulation.start({ settings, limits, seed, site: () => ({ latency: 0, busy: true }) })
  sim.network.dials = []
  await sim.send({ sender: 'a@sim.test', recipients: ['u@never.test'] })
  await sim.run(seconds)
  return { sim, ages: sim.network.dials.map((d) => d.at) }
}
/** When deliveries to one site began, with `count` messages for it at once. */
export async function limited(limits: TransportLimits, count: number, seconds: number, latency = 100) {
  const sim = await Simulation.start({ limits, site: () => ({ latency }) })
  sim.network.dials = []
  for (let n = 0; n < count; n++) await sim.send({ sender: 'a@sim.test', recipients: [`u${n}@limited.test`] })
  await sim.run(seconds)
  return { sim, starts: sim.network.dials.map((d) => d.at), delivered: sim.network.site('limited.test').delivered }
}
