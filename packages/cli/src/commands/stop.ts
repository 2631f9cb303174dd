/** `postern stop` */
import { setTimeout as sleep } from 'node:timers/promises'
import { findConfig } from '../config.ts'
import { needDaemon } from '../control/client.ts'
import { CommandError, EX } from '../exit.ts'
import type { ConfigOptions } from '../program/options.ts'
import { print } from './print.ts'

const PATIENCE_MS = 10_000

export async function stop(o: ConfigOptions & { now?: boolean }): Promise<void> {
  const { spool } = await findConfig(o.config)
  const daemon = await needDaemon(spool)
  const { pid } = await daemon.ask('stop', { now: o.now })
  // everything is closed; whoever starts it again at once must find the process gone
  for (const end = Date.now() + PATIENCE_MS; lives(pid); await sleep(20))
    if (Date.now() > end)
      throw new CommandError(EX.SOFTWARE, `the process ${pid} has stopped its work but has not ended`)
  print([`stopped (pid ${pid})`])
}
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
