/** A reload of all workers: all check, then all switch; what a running graph cannot change is done by new workers. */
import type { Json } from '@postern/core'
import { WorkerGone } from '@postern/processes'
import type { HelperSettings, Supervisor, UserHelpers, WorkerProcess } from '@postern/processes'
import { CommandError, EX } from '../exit.ts'
import { nobody } from './fanout.ts'
import type { Plan } from './plan.ts'

interface Switched {
  /** what needs a new process; `null`: it runs with the new configuration */
  readonly restart: string | null
  readonly configuration: string
}
export interface Reloaded {
  readonly configuration: string
  /** so many new processes do the work */
  readonly replaced?: number
}

export interface ReloadOptions {
  readonly spool: string
  readonly plan: Plan
  /** so many from now on, whatever the configuration says */
  readonly workers: number | undefined
  readonly users: UserHelpers | undefined
}
/** What a worker found in the new configuration. */
interface Checked {
  readonly spool: string
  readonly workers: number
  readonly user: string | null
  readonly users: HelperSettings
}

/** Rejects with the first refusal; all workers go on with the old configuration then. */
export async function reloadAll(supervisor: Supervisor, o: ReloadOptions): Promise<Reloaded> {
  const [checked] = (await everyone(supervisor.workers, 'check')) as unknown as (Checked | undefined)[]
  if (!checked) throw nobody()
  fixed(checked, o)
  const reloaded = await switchAll(supervisor, checked, o)
  o.users?.change(checked.users)
  return reloaded
}
async function switchAll(supervisor: Supervisor, checked: Checked, o: ReloadOptions): Promise<Reloaded> {
  const all = supervisor.workers
  const [first, ...others] = all
  if (!first) throw nobody()
  const slots = supervisor.slots.length
  const count = o.workers ?? (o.plan.fixed ? slots : checked.workers)
  if (count !== slots) return replace(supervisor, count)
  // what one of them can follow most likely all can: the others are not disturbed to find out
  const { restart, configuration } = (await first.ask('reload').result) as unknown as Switched
  if (restart !== null) return replace(supervisor, slots)
  await everyone(others, 'reload').catch(async (error: unknown) => {
    await Promise.allSettled(all.map((worker) => worker.ask('revert').result))
    throw error
  })
  return { configuration }
}
/** Throws what only a restart can change. */
function fixed({ spool, user }: Checked, o: ReloadOptions): void {
  const changed = [
    ...(spool === o.spool ? [] : ['spool']),
    ...(user && o.plan.user && user !== o.plan.user ? ['user'] : []),
  ]
  if (changed.length > 0)
    throw new CommandError(EX.CONFIG, `a reload cannot change ${changed.join(' and ')}; restart instead`)
}
async function replace(supervisor: Supervisor, count: number): Promise<Reloaded> {
  await supervisor.replace(count)
  const status = (await supervisor.workers[0]!.ask('owner status').result) as { configuration: string }
  return { configuration: status.configuration, replaced: count }
}
/** Their answers; one that has died is left out: its successor reads the configuration anew. */
async function everyone(workers: readonly WorkerProcess[], verb: string): Promise<Json[]> {
  const answers = await Promise.allSettled(workers.map((worker) => worker.ask(verb).result))
  const refusal = answers.find((a) => a.status === 'rejected' && !(a.reason instanceof WorkerGone))
  if (refusal) throw (refusal as PromiseRejectedResult).reason
  return answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []))
}
