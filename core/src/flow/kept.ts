/**
 * What stages say early and RCPT answers late: refusals under smtpd_delay_reject, and defer_if_permit, defer_if_reject and
 * refuseLater. Kept by the stage that said it, so that a new HELO forgets the old one's and each RCPT begins anew.
 */
import type { Reply } from '../contract/facts.ts'
import type { Defer, Refuse } from '../contract/verdicts.ts'
import type { Result } from '../hooks/guard.ts'

/** in the order in which a dialogue passes them: the first that said something wins, as in Postfix */
const ORDER = ['connect', 'helo', 'auth', 'mail', 'rcpt'] as const
export type KeptStage = (typeof ORDER)[number]
interface Said {
  refused?: { reply: Reply; result: Result }
  deferIfPermit?: Answered<Defer>
  deferIfReject?: Answered<Defer>
  later?: Answered<Refuse | Defer>
}
/** `by`: the use of the plugin that said it */
export interface Answered<V> {
  readonly verdict: V
  readonly by: string
}

export class Kept {
  #by = new Map<KeptStage, Said>()

  /** The first one of a stage wins. */
  put<K extends keyof Said>(stage: KeptStage, key: K, value: NonNullable<Said[K]>): void {
    const said = this.#by.get(stage) ?? {}
    this.#by.set(stage, said)
    said[key] ??= value
  }
  first<K extends keyof Said>(key: K): Said[K] {
    if (this.#by.size === 0) return undefined
    for (const stage of ORDER) {
      const value = this.#by.get(stage)?.[key]
      if (value !== undefined) return value
    }
    return undefined
  }
  forget(stage: KeptStage): void {
    this.#by.delete(stage)
  }
  snapshot(): () => void {
    const by = new Map([...this.#by].map(([stage, said]) => [stage, { ...said }]))
    return () => void (this.#by = by)
  }
}
