/** `postern start` */
import { isDetached } from '../daemon/parent.ts'
import { planGiven } from '../daemon/plan.ts'
import type { Plan } from '../daemon/plan.ts'
import type { ConfigOptions } from '../program/options.ts'

export interface StartOptions extends ConfigOptions {
  readonly foreground?: boolean
  readonly workers?: number
  readonly user?: string
}

export async function start(o: StartOptions): Promise<void> {
  // the command that started this process has read the configuration: a primary need not
  const given = isDetached() ? planGiven() : undefined
  if (given?.primary) return primary(o, given)
  const { findConfig } = await import('../config.ts')
  const found = await findConfig(o.config)
  if (found.embedded && !isDetached())
    process.stdout.write(`There is no postern.config.* in ${process.cwd()}: using the embedded defaults.\n`)
  const plan = given ?? (await import('../daemon/plan-of.ts')).planOf(found.loaded, o)
  if (!o.foreground) return (await import('../daemon/detach.ts')).detach(found, plan)
  if (plan.primary) return primary(o, plan)
  return (await import('../daemon/run.ts')).runDaemon(found)
}
const primary = async (o: StartOptions, plan: Plan): Promise<void> =>
  (await import('../daemon/primary.ts')).runPrimary(o.config, plan)
