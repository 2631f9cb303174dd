/** One site that takes its time with a great deal of mail, and quick sites beside it. */
import { Simulation } from '../support/simulation.ts'

export const SLOW_MESSAGES = 50_000
export const QUICK_MESSAGES = 1000
export const SLOW_LATENCY = 30_000
export const QUICK_LATENCY = 500
export const SECONDS = 500

export async function starvation() {
  const sim = await Simulation.start({
    site: (name) => ({ latency: name === 'slow.test' ? SLOW_LATENCY : QUICK_LATENCY }),
  })
  sim.network.dials = []
  for (let n = 0; n < SLOW_MESSAGES; n++) await sim.send({ sender: 'slow@sim.test', recipients: [`u${n}@slow.test`] })
  let sent = 0
  sim.arrive(QUICK_MESSAGES / SECONDS, SECONDS * 2, (n) => ({
    sender: sent++ < QUICK_MESSAGES ? 'quick@sim.test' : 'rest@sim.test',
    recipients: [`u${n}@quick${n % 100}.test`],
  }))
  const active = sim.sample(1, () => sim.queue.active)
  const quick = () => sim.network.delays.get('quick@sim.test') ?? []
  await sim.run(SECONDS * 2, () => quick().length >= QUICK_MESSAGES)
  const dials = sim.network.dials.filter((d) => d.sender === 'quick@sim.test')
  return { sim, active, delays: quick(), waits: dials.map((d) => ({ at: d.at - d.age / 1000, ms: d.age })) }
}
