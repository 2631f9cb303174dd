/** How much of the queue may be in memory: this worker's share of the site's limits, and what is taken of it. */
import type { Graph } from '../graph/graph.ts'
import type { Engine } from './engine.ts'
import { share } from './rules.ts'

/** recipients of one message in memory; a larger list is delivered a part at a time */
export const RECIPIENTS_AT_ONCE = 1000
/** messages over which the usual number of recipients is taken */
const USUAL_OVER = 8

interface Limits {
  readonly of: Graph['settings']
  readonly active: number
  readonly recipients: number
}

export class Room {
  readonly #engine: Pick<Engine, 'workers' | 'graph'>
  #limits: Limits | undefined
  /** recipients in memory */
  #recipients = 0
  /** recipients of a message, as the last ones had them */
  #usual = RECIPIENTS_AT_ONCE
  /** messages that are being read: how many recipients they have nobody knows yet */
  reading = 0

  constructor(engine: Pick<Engine, 'workers' | 'graph'>) {
    this.#engine = engine
  }
  /** messages in delivery at a time */
  get active(): number {
    return this.#shares().active
  }
  /** For one more message, with so many in delivery. */
  isThere(active: number): boolean {
    const { active: most, recipients } = this.#shares()
    return active < most && this.#recipients + Math.ceil(this.reading * this.#usual) < recipients
  }
  take(recipients: number): void {
    this.#recipients += recipients
    this.#usual += (recipients - this.#usual) / USUAL_OVER
  }
  give(recipients: number): void {
    this.#recipients -= recipients
  }
  #shares(): Limits {
    const { workers, graph } = this.#engine
    const { settings } = graph
    if (this.#limits?.of !== settings) {
      const { qmgrMessageActiveLimit: active, qmgrMessageRecipientLimit: recipients } = settings
      this.#limits = { of: settings, active: share(active, workers), recipients: share(recipients, workers) }
    }
    return this.#limits
  }
}
