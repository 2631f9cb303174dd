/** -bd and -bl: `postern start`, as Postfix's sendmail runs `postfix start`. */
import { spawnSync } from 'node:child_process'
import { EX, Fatal } from './fatal.ts'

/** The exit code of the command, which has ended when the daemon is ready. */
export function startDaemon(config: string | undefined): number {
  const file = config ?? process.env.MAIL_CONFIG
  const { status, error } = spawnSync('postern', ['start', ...(file ? ['--config', file] : [])], { stdio: 'inherit' })
  if (error) throw new Fatal(`execute postern start: ${error.message}`, EX.UNAVAILABLE)
  return status ?? EX.SOFTWARE
}
