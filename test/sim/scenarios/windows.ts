/** One site, always more mail than it takes: how many deliveries at a time it is given. */
import { Simulation } from '../support/simulation.ts'

/** seconds: all connections succeed, three of five fail, all succeed, none does, all would succeed */
export const PHASES = { bad: 20, good: 25, down: 45, back: 80, end: 130 } as const
export const LATENCY = 1000
/** s that a dead site is left alone */
export const BACK_OFF = 60

export async function windows() {
  let nth = 0
  const up = (at: number) => {
    if (at >= PHASES.down && at < PHASES.back) return false
    return at < PHASES.bad || at >= PHASES.good || [0, 0, 1, 0, 1][nth++ % 5] === 1
  }
  const sim = await Simulation.start({
    settings: { minimalBackoffTime: `${BACK_OFF}s` },
    site: () => ({ latency: LATENCY, refusal: LATENCY, up }),
  })
  sim.network.dials = []
  for (let n = 0; n < 200; n++) await sim.send({ sender: 'a@sim.test', recipients: [`u${n}@site.test`] })
  sim.arrive(40, PHASES.end, (n) => ({ sender: 'a@sim.test', recipients: [`v${n}@site.test`] }))
  const site = sim.network.site('site.test')
  const window = sim.sample(0.1, () => site.active)
  await sim.run(PHASES.end)
  const dials = sim.network.dials.map((d) => d.at)
  return { sim, site, window, dials }
}
