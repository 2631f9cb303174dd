/** Fifty sites, one of which does not answer for a time: what it costs, itself and the others. */
import { Simulation } from '../support/simulation.ts'

export const DEAD = 'dead.test'
export const OUTAGE = { from: 60, until: 1260, end: 1800 } as const
/** ms until an attempt to connect is given up */
export const TIMEOUT = 30_000

/** `outage: false`: the same course of events with every site up, to compare with. */
export async function deadSite(outage: boolean) {
  const up = (at: number) => !outage || at < OUTAGE.from || at >= OUTAGE.until
  const sim = await Simulation.start({
    site: (name) => (name === DEAD ? { latency: 1000, refusal: TIMEOUT, up } : { latency: 1000 }),
  })
  sim.network.dials = []
  sim.arrive(10, OUTAGE.end, (n) => ({ sender: 'others@sim.test', recipients: [`u@site${n % 49}.test`] }))
  sim.arrive(5, OUTAGE.end, (n) => ({ sender: 'dead@sim.test', recipients: [`u${n}@${DEAD}`] }))
  const waiting = sim.sample(5, () => sim.queue.waiting)
  await sim.run(OUTAGE.end)
  const toDead = sim.network.dials.filter((d) => d.site === DEAD)
  return { sim, waiting, dials: toDead.map((d) => d.at), others: sim.network.delays.get('others@sim.test') ?? [] }
}
