/** `postern start` */
import path from 'node:path'
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
  if (!isDetached()) await tellOfImport(found.loaded.file)
  const plan = given ?? (await import('../daemon/plan-of.ts')).planOf(found.loaded, o)
  if (!o.foreground) return (await import('../daemon/detach.ts')).detach(found, plan)
  if (plan.primary) return primary(o, plan)
  return (await import('../daemon/run.ts')).runDaemon(found)
}
const primary = async (o: StartOptions, plan: Plan): Promise<void> =>
  (await import('../daemon/primary.ts')).runPrimary(o.config, plan)
/** A Postfix folder: what of it is not done must not be passed over in silence. */
async function tellOfImport(file: string): Promise<void> {
  if (path.basename(file) !== 'main.cf') return
  const { importFolder, reportOf } = await import('@postern/postfix-config')
  const { warn } = await import('./import.ts')
  const imported = await importFolder(path.dirname(file))
  warn(imported, reportOf(imported))
}
