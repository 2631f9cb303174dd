/** The commands and their options. What a command does is loaded when it runs: `postern status` loads no plugin. */
import { Command, Option } from 'commander'
import { createRequire } from 'node:module'
import type { ExplainOptions } from './commands/explain.ts'
import type { InitOptions } from './commands/init.ts'
import type { AdminOptions } from './commands/queue.ts'

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

const version = (createRequire(import.meta.url)('../package.json') as { version: string }).version

export function program(): Command {
  const root = new Command('postern')
    .description('Postern, a mail transfer agent made of plugins')
    .version(version)
    .configureHelp({ helpWidth: Math.min(process.stdout.columns || 100, 100), sortSubcommands: false })
    .exitOverride()
    .showHelpAfterError('(--help shows what can be said)')
  configuration(root)
  daemon(root)
  queue(root)
  insight(root)
  return root
}

function configuration(root: Command): void {
  root
    .command('init')
    .description('write a commented configuration to start from')
    .addOption(
      new Option(
        '-k, --kind <kind>',
        'null-client: sends all mail to a relay; server: domains of its own; relay: passes on for others',
      )
        .choices(['null-client', 'server', 'relay'])
        .default('server'),
    )
    .option('--ts', 'write postern.config.ts instead of YAML')
    .option('-f, --force', 'write over a configuration that is there')
    .addHelpText('after', example('postern init --kind null-client'))
    .action(async (o: InitOptions) => (await import('./commands/init.ts')).init(o))
  report(configured(root.command('check')))
    .description('check the configuration: every problem, one a line; nothing is started or opened')
    .addHelpText('after', example('postern check -c /etc/postern/postern.config.yaml'))
    .action(async (o: ReportOptions) => (await import('./commands/check.ts')).check(o))
}

function daemon(root: Command): void {
  configured(root.command('start'))
    .description('start the daemon; without a configuration file, the embedded defaults')
    .option('-f, --foreground', 'stay attached to the terminal')
    .addHelpText('after', example('postern start --foreground'))
    .action(async (o: ConfigOptions & { foreground?: boolean }) => (await import('./commands/start.ts')).start(o))
  configured(root.command('stop'))
    .description('stop the daemon: what is in hand is ended first')
    .option('--now', 'do not wait; nothing that was accepted is lost either way')
    .addHelpText('after', example('postern stop'))
    .action(async (o: ConfigOptions & { now?: boolean }) => (await import('./commands/stop.ts')).stop(o))
  configured(root.command('reload'))
    .description('read the configuration again; one that does not check leaves the old one running')
    .addHelpText('after', example('postern check && postern reload'))
    .action(async (o: ConfigOptions) => (await import('./commands/reload.ts')).reload(o))
  report(configured(root.command('status')))
    .description('what the daemon does now')
    .addHelpText('after', example('postern status --json'))
    .action(async (o: ReportOptions) => (await import('./commands/status.ts')).status(o))
}

function queue(root: Command): void {
  const q = root
    .command('queue')
    .description('look into the queue, and act on it')
    .addHelpText('after', example('postern queue list', 'postern queue hold 0CJF4K2M8S3QT --why "looks like spam"'))
  report(configured(q.command('list')))
    .description('messages in the queue, with the reason why each recipient waits')
    .addHelpText('after', example('postern queue list', 'postern queue list --json | grep example.org'))
    .action(async (o: ReportOptions) => (await import('./commands/queue.ts')).list(o))
  report(configured(q.command('show').argument('<id>', 'queue id')))
    .description('envelope, recipients and header of one message')
    .addHelpText('after', example('postern queue show 0CJF4K2M8S3QT'))
    .action(async (id: string, o: ReportOptions) => (await import('./commands/queue.ts')).show(id, o))
  configured(q.command('flush').argument('[id]', 'queue id; default: everything'))
    .description('try now what waits for its next attempt')
    .addHelpText('after', example('postern queue flush'))
    .action(async (id: string | undefined, o: ConfigOptions) => (await import('./commands/queue.ts')).flush(id, o))
  const actions = {
    hold: 'keep messages until they are released',
    release: 'let held messages go',
    delete: 'take messages out of the queue for good; nobody is told',
  } as const
  for (const [action, about] of Object.entries(actions) as [keyof typeof actions, string][]) {
    configured(q.command(action).argument('[ids...]', 'queue ids'))
      .description(about)
      .option('--all', 'every message in the queue')
      .option('--why <text>', 'the reason, for the record', 'by hand')
      .addHelpText('after', example(`postern queue ${action} 0CJF4K2M8S3QT`))
      .action(async (ids: string[], o: AdminOptions) =>
        (await import('./commands/queue.ts')).administer(action, ids, o),
      )
  }
}

function insight(root: Command): void {
  sourced(root.command('explain'))
    .description('what would become of a message: every answer, lookup, edit and reply; nothing is sent or written')
    .option('--client <ip>', 'address of the client', '127.0.0.1')
    .option('--client-name <host>', 'its verified name; default: localhost for 127.0.0.1, else unknown')
    .option('--helo <name>', 'the name it says in EHLO')
    .option('--from <address>', 'sender; <> is the null sender', 'test@example.org')
    .requiredOption('--to <address>', 'recipient; may be given several times', (v: string, all: string[] = []) => [
      ...all,
      v,
    ])
    .option('--message <file>', 'header, empty line, body; - is standard input')
    .option('--user <name>', 'as this authenticated user')
    .option('--listener <name>', 'the listener it comes to; default: the first one')
    .option('-v, --verbose', 'show also who had nothing to say')
    .addHelpText('after', example('postern explain --client 192.0.2.7 --from a@example.org --to you@localhost -v'))
    .action(async (o: ExplainOptions) => (await import('./commands/explain.ts')).explain(o))
  sourced(root.command('pipeline'))
    .description('who is tapped where, in order, for each listener and hook')
    .addHelpText('after', example('postern pipeline'))
    .action(async (o: SourceOptions) => (await import('./commands/pipeline.ts')).pipeline(o))
  sourced(root.command('plugins'))
    .description('the plugins in use: version, what they provide, what they tap, where they stand')
    .addHelpText('after', example('postern plugins --json'))
    .action(async (o: SourceOptions) => (await import('./commands/plugins.ts')).plugins(o))
}

const configured = (c: Command): Command =>
  c.option('-c, --config <file>', 'configuration file; default: postern.config.* in the working folder')
const report = (c: Command): Command => c.option('--json', 'print JSON')
const sourced = (c: Command): Command =>
  report(configured(c))
    .option('--running', 'ask the running daemon, or fail; default: ask it if it answers')
    .addOption(new Option('--offline', 'use the configuration file even when a daemon runs').conflicts('running'))
const example = (...lines: string[]): string =>
  `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((l) => `  $ ${l}`).join('\n')}`
