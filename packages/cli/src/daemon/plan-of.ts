/** The plan that the command line, the environment and the configuration make together. */
import { availableParallelism } from 'node:os'
import { configSchema } from '@postern/core'
import type { LoadedConfig } from '@postern/core'
import { isRoot } from '@postern/processes'
import { CommandError, EX } from '../exit.ts'
import { workerCount } from '../workers.ts'
import type { Plan } from './plan.ts'
import { helpersIn } from './users.ts'

/** Throws CommandError. What is wrong with the configuration's own settings is told when a node is built. */
export function planOf(loaded: LoadedConfig, said: { readonly workers?: number; readonly user?: string }): Plan {
  if (said.user !== undefined && !isRoot())
    throw new CommandError(EX.USAGE, '--user: only root can start workers as another user')
  const fixed = said.workers ?? (process.env.POSTERN_WORKERS ? workerCount(process.env.POSTERN_WORKERS) : undefined)
  const workers = fixed ?? workersIn(loaded)
  const user = said.user ?? (isRoot() ? userIn(loaded) : undefined)
  const primary = workers > 1 || user !== undefined
  return { workers, fixed: fixed !== undefined, user, primary, users: helpersIn(loaded) }
}
export function workersIn(loaded: LoadedConfig): number {
  const { data } = configSchema.shape.workers.safeParse(loaded.values.workers?.value)
  return data === 'auto' ? availableParallelism() : (data ?? 1)
}
export const userIn = (loaded: LoadedConfig): string | undefined =>
  configSchema.shape.user.safeParse(loaded.values.user?.value).data
