/** `postern table ...` */
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import type { BenchOptions } from '../commands/table/bench.ts'
import { configured, example, report } from './options.ts'
import type { ReportOptions } from './options.ts'

const TABLE = 'type:name, or {"type": ...} as JSON; relative names are relative to the working folder'
const LINES = 'print JSON, one object a line'

export function table(root: Command): void {
  const t = root
    .command('table')
    .description('ask lookup tables, build, list and measure them; no daemon is needed')
    .addHelpText('after', example('postern table query hash:/etc/postern/virtual you@example.org'))
  looks(t)
  makes(t)
}

function looks(t: Command): void {
  report(
    configured(t.command('query').argument('<table>', TABLE).argument('<keys...>', '-: the lines of standard input')),
    LINES,
  )
    .description('look keys up, just as they are; 0: one was found, 1: none was, or a lookup failed')
    .addHelpText(
      'after',
      example('postern table query hash:virtual you@example.org', 'postern table query cdb:x - <keys'),
    )
    .action(async (name: string, keys: string[], o: ReportOptions) =>
      (await import('../commands/table/query.ts')).query(name, keys, o),
    )
  report(configured(t.command('dump').argument('<table>', TABLE)), LINES)
    .description('all entries, where the type can list them')
    .addHelpText('after', example('postern table dump hash:virtual | sort'))
    .action(async (name: string, o: ReportOptions) => (await import('../commands/table/dump.ts')).dump(name, o))
  report(configured(t.command('list')))
    .description('types of tables there are, and the tables of the running daemon with their figures')
    .addHelpText('after', example('postern table list'))
    .action(async (o: ReportOptions) => (await import('../commands/table/list.ts')).list(o))
  report(configured(t.command('check').argument('[tables...]', `${TABLE}; default: every table of the configuration`)))
    .description('open tables and say what is wrong with them; 65: something is')
    .addHelpText('after', example('postern table check', 'postern table check mysql:/etc/postern/aliases.cf'))
    .action(async (names: string[], o: ReportOptions) => (await import('../commands/table/check.ts')).check(names, o))
}

function makes(t: Command): void {
  report(configured(t.command('build').argument('<tables...>', TABLE)))
    .description('make what lookups read from what people write, in one step')
    .addHelpText('after', example('postern table build hash:/etc/postern/virtual'))
    .action(async (names: string[], o: ReportOptions) => (await import('../commands/table/build.ts')).build(names, o))
  report(configured(t.command('bench').argument('<table>', TABLE).argument('[file]', 'keys, one a line', '-')))
    .description('lookups a second, and how long they take')
    .option('-n, --in-flight <n>', 'lookups at a time', number, 50)
    .option('--count <n>', 'so many lookups; the keys are asked again and again; default: each once', number)
    .addHelpText('after', example('postern table bench hash:virtual keys --count 1000000 --in-flight 1'))
    .action(async (name: string, file: string, o: BenchOptions) =>
      (await import('../commands/table/bench.ts')).bench(name, file, o),
    )
}
function number(v: string): number {
  if (!/^[1-9]\d*$/.test(v)) throw new InvalidArgumentError('Expected a number from 1 on.')
  return Number(v)
}
