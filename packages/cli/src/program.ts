/** The commands and their options. What a command does is loaded when it runs: `postern status` loads no plugin. */
import { Command, Option } from 'commander'
import { createRequire } from 'node:module'
import type { ExplainOptions } from './commands/explain.ts'
import type { ImportOptions } from './commands/import.ts'
import type { InitOptions } from './commands/init.ts'
import { configured, example, report, sourced } from './program/options.ts'
import type { ConfigOptions, ReportOptions, SourceOptions } from './program/options.ts'
import { queue } from './program/queue.ts'
import { table } from './program/table.ts'
import type { StartOptions } from './commands/start.ts'
import { workerCount } from './workers.ts'

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
  table(root)
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
  report(root.command('import'))
    .description('a Postfix folder as a configuration of Postern, on standard output')
    .argument('<folder>', 'with main.cf and master.cf')
    .option('--report', 'print what becomes of each parameter instead')
    .option('--ts', 'write TypeScript, not YAML')
    .option('-o, --output <file>', 'write it there')
    .option('-f, --force', 'write over a file that is there')
    .addHelpText(
      'after',
      example('postern import /etc/postfix --report', 'postern import /etc/postfix -o postern.config.yaml'),
    )
    .action(async (folder: string, o: ImportOptions) => (await import('./commands/import.ts')).importPostfix(folder, o))
  report(configured(root.command('check')))
    .description('check the configuration: every problem, one a line; nothing is started or opened')
    .addHelpText('after', example('postern check -c /etc/postern/postern.config.yaml'))
    .action(async (o: ReportOptions) => (await import('./commands/check.ts')).check(o))
}

function daemon(root: Command): void {
  configured(root.command('start'))
    .description('start the daemon; without a configuration file, the embedded defaults')
    .option('-f, --foreground', 'stay attached to the terminal')
    .option(
      '-w, --workers <n>',
      'processes that share the work; default: $POSTERN_WORKERS, or the setting workers',
      workerCount,
    )
    .option('-u, --user <name>', 'started as root: the user that the workers run as; default: the setting user')
    .addHelpText('after', example('postern start --foreground', 'postern start --workers 4 --user postern'))
    .action(async (o: StartOptions) => (await import('./commands/start.ts')).start(o))
  configured(root.command('stop'))
    .description('stop the daemon: what is in hand is ended first')
    .option('--now', 'do not wait; nothing that was accepted is lost either way')
    .addHelpText('after', example('postern stop'))
    .action(async (o: ConfigOptions & { now?: boolean }) => (await import('./commands/stop.ts')).stop(o))
  configured(root.command('reload'))
    .description('read the configuration again; one that does not check leaves the old one running')
    .option('-w, --workers <n>', 'from now on so many', workerCount)
    .addHelpText('after', example('postern check && postern reload'))
    .action(async (o: ConfigOptions & { workers?: number }) => (await import('./commands/reload.ts')).reload(o))
  report(configured(root.command('status')))
    .description('what the daemon does now')
    .addHelpText('after', example('postern status --json'))
    .action(async (o: ReportOptions) => (await import('./commands/status.ts')).status(o))
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
