/** postfix: the mail system started, stopped, reloaded, asked whether it runs. */
import { existsSync, statSync } from 'node:fs'
import { Fatal } from '@postern/sendmail/queue'
import { getopt, valueOf } from '../getopt.ts'
import { mailLog } from '../maillog.ts'
import type { MailLog } from '../maillog.ts'
import { Quiet, program } from '../program.ts'
import type { Say } from '../program.ts'
import { startPlace } from '../place.ts'
import type { StartPlace } from '../place.ts'

import { COMMANDS } from './commands.ts'

const PROGRAM = 'postfix-script'

export const main = (argv: readonly string[]): Promise<void> => program('postfix', 1, (say) => run(argv.slice(2), say))

/** What Postfix's script does, it only logs, and says where standard error is a terminal: so here. Configuration errors are said always. */
async function run(argv: readonly string[], say: Say): Promise<number> {
  const parsed = getopt(argv, 'c:Dv', say)
  if (parsed.bad) throw new Quiet('usage: postfix [-c config_dir] [-Dv] command')
  const place = await startPlace(valueOf(parsed, 'c'))
  const told = new Told(await mailLog(place, PROGRAM))
  const [command = '', ...rest] = parsed.words
  try {
    if (!mayControl(place)) return told.fatal('use of this command is reserved for the superuser')
    const action = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined
    if (!action) return told.fatal(`unknown command: '${command}'. Usage: postfix ${KNOWN}`)
    if (rest.length > 0) return told.fatal(`usage postfix ${command} (no arguments)`)
    return await action(place, told)
  } finally {
    told.end()
  }
}
const KNOWN = 'start (or stop, reload, abort, flush, check, status, set-permissions, upgrade-configuration, logrotate)'
/** A Postfix folder is root's; but whoever runs a mail system of his own there may. */
const mayControl = ({ postfix, spool }: StartPlace): boolean => {
  const uid = process.getuid!()
  if (uid === 0 || postfix === undefined) return true
  const owner = statSync(existsSync(spool) ? spool : postfix, { throwIfNoEntry: false })?.uid
  return owner === uid
}

/** Written down at once: what follows may take its time. */
export class Told {
  readonly #log: MailLog
  constructor(log: MailLog) {
    this.#log = log
  }
  info(text: string): void {
    this.#say('info', '', text)
  }
  warn(text: string): void {
    this.#say('warn', 'warning: ', text)
  }
  /** Answers the exit code. */
  fatal(text: string): number {
    this.#say('fatal', 'fatal: ', text)
    return 1
  }
  #say(severity: 'info' | 'warn' | 'fatal', prefix: string, text: string): void {
    this.#log.write(prefix + text, severity)
    if (process.stderr.isTTY) process.stderr.write(`postfix/${PROGRAM}: ${prefix}${text}\n`)
    this.end()
  }
  end(): void {
    try {
      this.#log.end()
    } catch (error) {
      // who may not write the log is told here
      if (!(error instanceof Fatal)) throw error
    }
  }
}
