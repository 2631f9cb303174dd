/** More mail than places, for sites that want very different amounts of it: who gets the places. */
import { Simulation } from '../support/simulation.ts'

export const PLACES = 30
/** messages that each site has waiting */
export const WANTED = { 'huge.test': 3000, 'large.test': 600, 'medium.test': 300, 'small.test': 60 } as const
export const SECONDS = 150

export async function fairness() {
  const sim = await Simulation.start({ limits: { processes: PLACES }, site: () => ({ latency: 1000 }) })
  for (const [site, count] of Object.entries(WANTED))
    for (let n = 0; n < count; n++) await sim.send({ sender: `${site}@sim.test`, recipients: [`u${n}@${site}`] })
  const active = sim.sample(0.5, () =>
    Object.fromEntries(Object.keys(WANTED).map((site) => [site, sim.network.site(site).active])),
  )
  await sim.run(SECONDS)
  return { sim, active }
}
