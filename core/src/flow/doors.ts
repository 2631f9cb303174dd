/** What listeners open sessions with: each generation's own graph, pinned while a session lasts. */
import type { Listener } from '../contract/listener.ts'
import type { Generation } from '../graph/generation.ts'
import type { Engine } from './engine.ts'
import { SessionFlow } from './session.ts'

export class Doors {
  /** sessions that are open */
  sessions = 0
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }
  open(generation: Generation): void {
    const { graph } = generation
    for (const { name, door } of graph.collection.listeners) {
      const hooks = graph.listeners.get(name)!
      const listener: Listener = {
        name,
        keywords: [...hooks.commands.values()].flatMap((h) => h.taps.flatMap((t) => t.keyword ?? [])),
        open: (facts) => {
          const pin = generation.pin()
          this.sessions++
          const release = () => {
            this.sessions--
            pin.release()
          }
          return new SessionFlow(this.#engine, { graph, release }, hooks, facts)
        },
      }
      door.listener = listener
    }
  }
}
