/** postlog: lines for the mail log, from scripts. */
import { createInterface } from 'node:readline'
import { placeOf } from '@postern/sendmail/queue'
import { getopt, valueOf } from './getopt.ts'
import { PREFIXES, mailLog } from './maillog.ts'
import type { MailLog, Severity } from './maillog.ts'
import { Quiet, program } from './program.ts'
import type { Say } from './program.ts'

const USAGE = 'usage: postlog [-c config_dir] [-i] [-p priority] [-t tag] [-v] [text]'
const SEVERITIES: Readonly<Record<string, Severity>> = {
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  panic: 'panic',
}
/** ms in which nobody restarts what has failed */
const PAUSE = 1000

export const main = (argv: readonly string[]): Promise<void> => program('postlog', 1, (say) => run(argv.slice(2), say))

async function run(argv: readonly string[], say: Say): Promise<undefined> {
  const parsed = getopt(argv, 'c:ip:t:v', say)
  if (parsed.bad) throw new Quiet(USAGE)
  const priority = valueOf(parsed, 'p') ?? 'info'
  const severity = Object.hasOwn(SEVERITIES, priority.toLowerCase()) ? SEVERITIES[priority.toLowerCase()] : undefined
  if (severity === undefined) throw new Quiet(`unknown severity level: ${priority}`)
  const log = await logOf(valueOf(parsed, 'c'), valueOf(parsed, 't'))
  const tag = valueOf(parsed, 't') ?? 'postlog'
  const put = (text: string) => {
    log.write(PREFIXES[severity] + text, severity)
    if (process.stderr.isTTY) process.stderr.write(`${tag}: ${PREFIXES[severity]}${text}\n`)
  }
  if (parsed.words.length > 0) put(parsed.words.join(' '))
  else for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) put(line)
  log.end()
  if (severity === 'fatal' || severity === 'panic') await new Promise((done) => setTimeout(done, PAUSE))
}
/** A named folder must be there; without one, what there is counts. */
async function logOf(config: string | undefined, tag: string | undefined): Promise<MailLog> {
  const place = await placeOf(config)
  return mailLog(place, 'postlog', tag)
}
