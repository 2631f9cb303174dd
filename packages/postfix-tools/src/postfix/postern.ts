/** The `postern` command of this installation, which starts and checks the mail system. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { constants } from 'node:os'
import { Fatal } from '@postern/sendmail/queue'
import type { StartPlace } from '../place.ts'

const PROGRAM = join(dirname(createRequire(import.meta.url).resolve('@postern/cli/package.json')), 'bin/postern.js')

/**
 * Its exit code. What it says on standard output is not Postfix's way, and is dropped, but where it stays in the foreground. Signals
 * that a service manager sends are passed on.
 */
export function postern(command: string, { postfix, config }: StartPlace, ...options: string[]): Promise<number> {
  const named = postfix === undefined ? ['--config', config] : ['--postfix', postfix]
  const isForeground = options.includes('--foreground')
  const child = spawn(process.execPath, [PROGRAM, command, ...named, ...options], {
    stdio: ['ignore', isForeground ? 'inherit' : 'ignore', 'inherit'],
  })
  const pass = (signal: NodeJS.Signals) => child.kill(signal)
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, pass)
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Fatal(`execute ${PROGRAM}: ${error.message}`)))
    child.on('exit', (code, signal) => {
      for (const each of signals) process.off(each, pass)
      resolve(code ?? 128 + constants.signals[signal!])
    })
  })
}
