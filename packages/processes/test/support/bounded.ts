/** Work of tests that may hang, and what is to be undone however they end. */

/** Rejects after `ms` when `work` has not ended by then; whatever that still does is nobody's any more. */
export async function bounded<T>(what: string, ms: number, work: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined
  const never = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`${what}: not over after ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, never])
  } finally {
    clearTimeout(late)
  }
}

/** Steps that clear away, last first; taken when told to, or when the process ends before that. */
export class Undo {
  static readonly #all = new Set<Undo>()
  static {
    // a runner that has lost its patience ends a test so
    process.once('SIGTERM', () => process.exit(143))
    process.on('exit', () => {
      for (const undo of Undo.#all) undo.run()
    })
  }
  readonly #steps: (() => void)[] = []
  constructor() {
    Undo.#all.add(this)
  }
  /** `step` is synchronous, ends soon, and may throw: then the others are taken nevertheless. */
  add(step: () => void): void {
    this.#steps.push(step)
  }
  /** Returns what went wrong. */
  run(): unknown[] {
    const errors: unknown[] = []
    Undo.#all.delete(this)
    for (let step = this.#steps.pop(); step; step = this.#steps.pop())
      try {
        step()
      } catch (error) {
        errors.push(error)
      }
    return errors
  }
}
