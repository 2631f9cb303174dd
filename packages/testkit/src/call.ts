/** The call that taps, lookups and transports get, for tests. */
import { logger, silentSink, systemClock } from '@postern/core'
import type { Call } from '@postern/core'

export interface FakeCall extends Call {
  /** as when the client goes away or the deadline passes */
  abort(reason?: unknown): void
  /** did anybody ask for the signal? */
  readonly signalMade: boolean
}

/** A call with a silent logger and ten minutes left. Its signal is made when first asked for, as the core's is. */
export function fakeCall(overrides: Partial<Call> = {}): FakeCall {
  let controller: AbortController | undefined
  const made = () => (controller ??= new AbortController())
  const clock = overrides.clock ?? systemClock
  return {
    clock,
    deadline: overrides.deadline ?? clock.now() + 600_000,
    log: overrides.log ?? logger(() => silentSink),
    dry: overrides.dry ?? false,
    trace: overrides.trace,
    get signal() {
      return overrides.signal ?? made().signal
    },
    get aborted() {
      return overrides.signal?.aborted ?? controller?.signal.aborted ?? false
    },
    onAbort(fn) {
      const signal = overrides.signal ?? made().signal
      const told = () => fn(signal.reason as Error)
      signal.addEventListener('abort', told, { once: true })
      return () => signal.removeEventListener('abort', told)
    },
    abort: (reason) => made().abort(reason),
    get signalMade() {
      return controller !== undefined
    },
  }
}
