/** -bd and -bl: `postern start`, as Postfix's sendmail runs `postfix start`. */
import { spawnSync } from 'node:child_process'
import { EX, Fatal } from './fatal.ts'
import { postfixFolder } from './place.ts'

/** The exit code of the command, which has ended when the daemon is ready. */
export function startDaemon(config: string | undefined): number {
  const file = config ?? process.env.MAIL_CONFIG
  const postfix = file ? postfixFolder(file) : undefined
  const named = postfix === undefined ? (file ? ['--config', file] : []) : ['--postfix', postfix]
  const { status, error } = spawnSync('postern', ['start', ...named], { stdio: 'inherit' })
  if (error) throw new Fatal(`execute postern start: ${error.message}`, EX.UNAVAILABLE)
  return status ?? EX.SOFTWARE
}
