/** What can be done with messages, by which letter, to which queues, and in which words it is said. */
import type { QueueName } from '@postern/sendmail/queue'

export type Action = 'hold' | 'release' | 'expire' | 'expireAndRelease' | 'requeue' | 'delete'
export interface ActionFacts {
  readonly letter: string
  /** said of one message */
  readonly word: string
  /** said of how many */
  readonly sum: string
  /** where nothing is said of queues */
  readonly queues: readonly QueueName[]
}
const ALL: readonly QueueName[] = ['hold', 'active', 'deferred']

/** In the order in which Postfix does them. */
export const ACTIONS: Readonly<Record<Action, ActionFacts>> = {
  hold: { letter: 'h', word: 'placed on hold', sum: 'Placed on hold', queues: ['active', 'deferred'] },
  release: { letter: 'H', word: 'released from hold', sum: 'Released from hold', queues: ['hold'] },
  expire: { letter: 'e', word: 'expired', sum: 'Force-expired', queues: ALL },
  expireAndRelease: { letter: 'f', word: 'expired', sum: 'Force-expired', queues: ALL },
  requeue: { letter: 'r', word: 'requeued', sum: 'Requeued', queues: ALL },
  delete: { letter: 'd', word: 'removed', sum: 'Deleted', queues: ALL },
}
/** Names of Postfix's queues, with the ones that messages of this queue may be in: others have none. */
export const QUEUES: ReadonlyMap<string, QueueName | undefined> = new Map([
  ['maildrop', undefined],
  ['incoming', 'active'],
  ['active', 'active'],
  ['deferred', 'deferred'],
  ['hold', 'hold'],
  ['saved', undefined],
  ['corrupt', undefined],
  ['defer', undefined],
  ['bounce', undefined],
  ['trace', undefined],
  ['flush', undefined],
])

/** How many messages each action was done to; the sums come in an order of their own. */
export class Counts {
  readonly #counts = new Map<string, number>()
  add(sum: string): void {
    this.#counts.set(sum, (this.#counts.get(sum) ?? 0) + 1)
  }
  /** A line for each sum of the actions that were asked for. */
  lines(asked: readonly Action[]): string[] {
    const sums = new Set(asked.map((action) => ACTIONS[action].sum))
    if (asked.includes('expireAndRelease')) sums.add(ACTIONS.release.sum)
    return SUMS.filter((sum) => sums.has(sum)).map((sum) => {
      const n = this.#counts.get(sum) ?? 0
      return `${sum}: ${n} message${n === 1 ? '' : 's'}`
    })
  }
}
const SUMS = ['Requeued', 'Deleted', 'Force-expired', 'Placed on hold', 'Released from hold']
