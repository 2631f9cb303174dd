/** A transport's own code, within its time. When that is over it is told, and has a moment to say what it knows. */
import type { Timer } from '../contract/clock.ts'
import { delivered } from '../contract/deliver.ts'
import type { Transport } from '../contract/deliver.ts'
import type { Graph } from '../graph/graph.ts'
import { AbortScope, HookCall } from '../hooks/call.ts'
import type { Engine } from './engine.ts'
import type { DeliveryJob } from './job.ts'

/** How long one delivery may take when its transport says nothing. */
const DELIVERY_DEADLINE = 3_600_000
/** ms that a transport has, when its time is over, to say what became of its recipients */
const ABORT_GRACE = 1500

const NOT_ASKED = delivered('2.0.0', 'routed; the transport cannot be asked')

export interface Busy {
  /** set while the transport's code runs, longer than its time too */
  transport?: Promise<unknown>
}

export async function callTransport(
  engine: Engine,
  graph: Graph,
  way: Transport,
  job: DeliveryJob,
  busy: Busy,
): Promise<void> {
  const ms = way.limits?.deadline ?? DELIVERY_DEADLINE
  const scope = new AbortScope()
  const dry = job.envelope.trace === 'verify'
  if (dry && !way.heedsDry) return void job.all(NOT_ASKED)
  const call = new HookCall({ scope, clock: engine.clock, log: graph.log, dry, ids: { id: job.messageId } }, ms)
  const release = engine.scope.onAbort((reason) => scope.abort(reason))
  const timer = engine.clock.after(ms, () => scope.abort(new Error(`no end within ${ms} ms`)))
  let grace: Timer | undefined
  let stopped: (() => void) | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      stopped = scope.onAbort((reason) => {
        grace = engine.clock.after(ABORT_GRACE, () => reject(reason))
      })
      const work = (busy.transport = Promise.resolve(way.deliver(job, call)))
      work.then(() => resolve(), reject)
    })
    busy.transport = undefined
  } finally {
    grace?.cancel()
    timer.cancel()
    stopped?.()
    release()
    call.done()
  }
}
