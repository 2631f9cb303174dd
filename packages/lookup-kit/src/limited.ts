/** How long a question may take. */
import type { Call } from '@postern/core'
import { Refused } from './servers.ts'

/**
 * Runs `work` with a signal that ends it: after `ms`, with an error; with `Refused`, because no other server would do
 * better, when the caller has gone or its deadline has passed. `work` must heed the signal.
 */
export async function limited<T>(call: Call, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const left = call.deadline - call.clock.now()
  if (call.aborted || left <= 0) throw new Refused('the time for the lookup is over')
  const ending = new AbortController()
  const stop = call.onAbort((reason) => ending.abort(new Refused(`the lookup was ended: ${reason?.message ?? reason}`)))
  const timer = call.clock.after(Math.min(ms, left), () =>
    ending.abort(
      left < ms ? new Refused('the time for the lookup is over') : new Error(`no answer within ${ms / 1000} s`),
    ),
  )
  try {
    return await work(ending.signal)
  } finally {
    stop()
    timer.cancel()
  }
}
