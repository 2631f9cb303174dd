/** Options that many commands share. */
import path from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { STATES } from '../queue/query.ts'
import type { QueueState } from '../queue/query.ts'

export interface ConfigOptions {
  readonly config?: string
}
export interface ReportOptions extends ConfigOptions {
  readonly json?: boolean
}
export interface SourceOptions extends ReportOptions {
  readonly running?: boolean
  readonly offline?: boolean
}
export const configured = (c: Command): Command => {
  c.option('-c, --config <file>', 'configuration file; default: postern.config.* in the working folder')
  c.addOption(
    new Option('--postfix <folder>', 'a Postfix folder (main.cf, master.cf) as the configuration').conflicts('config'),
  )
  // its main.cf is the configuration file: whatever takes one need not know
  return c.hook('preAction', (_, command) => {
    const { postfix } = command.opts<{ postfix?: string }>()
    if (postfix !== undefined) command.setOptionValue('config', path.join(postfix, 'main.cf'))
  })
}
export const report = (c: Command, about = 'print JSON'): Command => c.option('--json', about)
export const sourced = (c: Command): Command =>
  report(configured(c))
    .option('--running', 'ask the running daemon, or fail; default: ask it if it answers')
    .addOption(new Option('--offline', 'use the configuration file even when a daemon runs').conflicts('running'))
/** Which messages of the queue. */
export const filtered = (c: Command): Command =>
  aged(c)
    .option('--sender <address>', 'from this sender: an address, @domain, or <>')
    .addOption(
      new Option('--state <state>', 'what becomes of it now; may be given several times')
        .choices(STATES)
        .argParser((v: string, all: QueueState[] = []) => {
          if (!STATES.includes(v as QueueState)) throw new InvalidArgumentError(`Allowed are ${STATES.join(', ')}.`)
          return [...all, v as QueueState]
        }),
    )
export const aged = (c: Command): Command =>
  c
    .option('--domain <domain>', 'with a pending recipient there; .example.org means all domains below it')
    .option('--recipient <address>', 'with this pending recipient: an address or @domain')
    .option('--older <age>', 'in the queue for at least this long: 30m, 2h, 1d12h')
    .option('--newer <age>', 'in the queue for at most this long')
export const limited = (c: Command, of: string): Command =>
  c.option('--limit <n>', `at most this many ${of}`, (v: string) => {
    if (!/^[1-9]\d*$/.test(v)) throw new InvalidArgumentError('Expected a number from 1 on.')
    return Number(v)
  })
export const example = (...lines: string[]): string =>
  `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((l) => `  $ ${l}`).join('\n')}`
