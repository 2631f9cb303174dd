/** A list's message, and small mail to the same site beside it. */
import { seeded } from '../support/random.ts'
import { SEED, Simulation } from '../support/simulation.ts'

/** ms that a delivery takes: 1 s on the average; were all the same, all places would be free at the same moments */
const latency = (random: () => number) => 700 + 600 * random()
export const WINDOW = 20
export const SMALL_PER_SECOND = 2
const LIST = 'list@sim.test'
const SMALL = 'small@sim.test'
const SITE = 'big.test'

export interface ListOptions {
  readonly recipients: number
  /** recipients of one delivery */
  readonly perDelivery: number
  /** `many`: as many messages of one recipient instead, to compare with */
  readonly list: 'one' | 'many'
  readonly small: 'evenly' | 'at random' | 'none'
}
export async function largeList({ recipients, perDelivery, list, small }: ListOptions) {
  const times = seeded(SEED)
  const sim = await Simulation.start({
    limits: { concurrency: WINDOW, initialConcurrency: WINDOW, recipients: perDelivery },
    site: () => ({ latency: () => latency(times) }),
  })
  sim.network.dials = []
  const members = Array.from({ length: recipients }, (_, n) => `m${n}@${SITE}`)
  for (const some of list === 'one' ? [members] : members.map((m) => [m]))
    await sim.send({ sender: LIST, recipients: some })
  const seconds = (recipients / perDelivery / WINDOW) * 1.3 + 10
  let n = 0
  const one = () => void sim.send({ sender: SMALL, recipients: [`s${n++}@${SITE}`] })
  if (small === 'evenly') sim.clock.every(1000 / SMALL_PER_SECOND, one)
  if (small === 'at random')
    sim.arrive(SMALL_PER_SECOND, seconds, (n) => ({ sender: SMALL, recipients: [`s${n}@${SITE}`] }))
  const listLeft = sim.sample(1, () => recipients - (sim.network.delays.get(LIST)?.length ?? 0))
  await sim.run(seconds)
  return {
    sim,
    listLeft,
    /** of small mail that came while the list was under way: when, and how many ms it waited for its delivery to begin */
    waits: sim.network.dials
      .filter((d) => d.sender === SMALL)
      .map((d) => ({ at: d.at - d.age / 1000, ms: d.age }))
      .filter((w) => w.at < (sim.network.lastAt.get(LIST) ?? Infinity)),
    listDelivered: sim.network.delays.get(LIST)?.length ?? 0,
    /** seconds until the list's last recipient had it */
    listDone: sim.network.lastAt.get(LIST) ?? NaN,
  }
}
