/** `postern start` */
import { findConfig } from '../config.ts'
import { isDetached } from '../daemon/parent.ts'
import type { ConfigOptions } from '../program.ts'

export async function start(o: ConfigOptions & { foreground?: boolean }): Promise<void> {
  const found = await findConfig(o.config)
  if (found.embedded && !isDetached())
    process.stdout.write(`There is no postern.config.* in ${process.cwd()}: using the embedded defaults.\n`)
  if (o.foreground) await (await import('../daemon/run.ts')).runDaemon(found)
  else await (await import('../daemon/detach.ts')).detach(found)
}
