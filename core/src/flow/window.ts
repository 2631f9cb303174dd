/**
 * How many deliveries one next hop gets at a time. Only whether the site was found counts (connection and handshake), not
 * what it said about a message. Feedback is collected until it makes a whole step, so that the window does not tremble
 * (Postfix's SCHEDULER_README, "concurrency scheduling").
 */
export interface Feedback {
  readonly step: number
  /** the step is divided by the window, or by its root */
  readonly by: 'nothing' | 'concurrency' | 'sqrt_concurrency'
}
/** three thirds are a whole */
const ROUNDING = 1e-9

export interface WindowRules {
  readonly initial: number
  readonly limit: number
  readonly positive: Feedback
  readonly negative: Feedback
  /** windows full of failures in a row; 0: any number */
  readonly failedCohortLimit: number
}
/** `1`, `0.5/concurrency`, `1/sqrt_concurrency`, as the schema has checked it. */
export function parseFeedback(text: string): Feedback {
  const [step, by] = text.split('/')
  return { step: Number(step), by: (by?.trim() ?? 'nothing') as Feedback['by'] }
}
const stepOf = ({ step, by }: Feedback, window: number): number =>
  by === 'nothing' ? step : step / (by === 'concurrency' ? window : Math.sqrt(window))

export class Window {
  readonly #rules: WindowRules
  #size: number
  #success = 0
  #failure = 0
  #cohorts = 0

  /** `size`: of the window whose place it takes, under other rules */
  constructor(rules: WindowRules, size = rules.initial) {
    this.#rules = rules
    this.#size = Math.min(size, rules.limit)
  }
  get size(): number {
    return this.#size
  }
  /** As nothing were known of the site. */
  reset(): void {
    this.#size = Math.min(this.#rules.initial, this.#rules.limit)
    this.#success = this.#failure = this.#cohorts = 0
  }
  /** `busy`: deliveries under way. A window that nobody fills does not grow. */
  succeeded(busy: number): void {
    const { limit, initial, positive } = this.#rules
    this.#cohorts = 0
    if (this.#size >= limit || this.#size >= busy + initial) return
    this.#success += stepOf(positive, this.#size)
    while (this.#success >= 1 - ROUNDING) {
      this.#size++
      this.#success--
      this.#failure = 0
    }
    this.#size = Math.min(this.#size, limit)
  }
  /** True when the site is to be left alone for a while. */
  failed(): boolean {
    const { negative, failedCohortLimit } = this.#rules
    this.#cohorts += 1 / this.#size
    if (failedCohortLimit > 0 && this.#cohorts >= failedCohortLimit - ROUNDING) return true
    this.#failure -= stepOf(negative, this.#size)
    while (this.#failure < -ROUNDING) {
      this.#size--
      this.#success = 0
      this.#failure++
    }
    this.#size = Math.max(this.#size, 1)
    return false
  }
}
