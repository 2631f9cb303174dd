/** `postern queue ...` */
import type { Command } from 'commander'
import type { AdminVerb } from '../control/protocol.ts'
import type { ActOptions } from '../commands/queue/act.ts'
import type { ExportOptions } from '../commands/queue/export.ts'
import type { ImportOptions } from '../commands/queue/import.ts'
import type { ShapeOptions } from '../commands/queue/shape.ts'
import type { ShowOptions } from '../commands/queue/show.ts'
import { aged, configured, example, filtered, limited, report } from './options.ts'
import type { ReportOptions } from './options.ts'

const ID = '0CJF4K2M8S3QT'
/** Ids are the same in either case, and stand everywhere in capitals. */
const idOf = (typed: string): string => typed.toUpperCase()
const idsOf = (typed: string, before: readonly string[] = []): readonly string[] => [...before, idOf(typed)]
const LINES = 'print JSON, one object a line'

export function queue(root: Command): void {
  const q = root
    .command('queue')
    .description('look into the queue, and act on it')
    .addHelpText('after', example('postern queue list', `postern queue hold ${ID} --why "looks like spam"`))
  looks(q)
  acts(q)
  moves(q)
}

function looks(q: Command): void {
  limited(filtered(report(configured(q.command('list')), LINES)), 'messages')
    .description('messages in the queue, with the reason why each recipient waits')
    .addHelpText('after', example('postern queue list --state deferred --older 2h', 'postern queue list --json | head'))
    .action(async (o: ReportOptions) => (await import('../commands/queue/list.ts')).list(o))
  report(configured(q.command('show').argument('<id>', 'queue id', idOf)))
    .description('envelope, recipients, history and header of one message')
    .option('--body', 'and its body')
    .option('--raw', 'nothing but the message, as it would go over the wire')
    .addHelpText('after', example(`postern queue show ${ID}`, `postern queue show ${ID} --raw > message.eml`))
    .action(async (id: string, o: ShowOptions) => (await import('../commands/queue/show.ts')).show(id, o))
  limited(aged(report(configured(q.command('shape')))), 'domains')
    .description("recipients by destination and minutes in the queue, as Postfix's qshape shows them")
    .option('--sender', "messages by the sender's domain instead")
    .option('--active', 'what is in delivery or due')
    .option('--deferred', 'what waits for its next attempt')
    .option('--held', 'what is held; default: everything')
    .addHelpText('after', example('postern queue shape', 'postern queue shape --sender --deferred --limit 20'))
    .action(async (o: ShapeOptions) => (await import('../commands/queue/shape.ts')).shape(o))
  report(configured(q.command('verify')))
    .description(
      'read everything in the queue and say what is not as it was written; 0: nothing, 1: something, 2: cannot say',
    )
    .addHelpText('after', example('postern queue verify'))
    .action(async (o: ReportOptions) => (await import('../commands/queue/verify.ts')).verify(o))
}

function acts(q: Command): void {
  report(configured(q.command('flush').argument('[id]', 'queue id; default: everything', idOf)))
    .description('try now what waits for its next attempt')
    .option('--site <domain>', 'only mail for recipients of this domain')
    .addHelpText('after', example('postern queue flush', 'postern queue flush --site example.org'))
    .action(async (id: string | undefined, o: ReportOptions) =>
      (await import('../commands/queue/flush.ts')).flush(id, o),
    )
  const actions: Record<AdminVerb, string> = {
    hold: 'keep messages until they are released',
    release: 'let held messages go',
    requeue: 'give messages a new id and a new start: aliases and routes are looked up again',
    delete: 'take messages out of the queue for good; nobody is told',
    expire: 'try messages once more, then return them to their senders',
  }
  for (const [action, about] of Object.entries(actions) as [AdminVerb, string][]) {
    const command = configured(q.command(action).argument('[ids...]', 'queue ids', idsOf))
      .description(about)
      .option('--all', 'every message in the queue')
      .option('--why <text>', 'the reason, for the record', 'by hand')
    filtered(report(command, LINES))
    if (action === 'delete' || action === 'expire') command.option('--yes', 'do not ask, however many they are')
    command
      .addHelpText('after', example(`postern queue ${action} ${ID}`, `postern queue ${action} --sender @example.org`))
      .action(async (ids: string[], o: ActOptions) => (await import('../commands/queue/act.ts')).act(action, ids, o))
  }
}

function moves(q: Command): void {
  filtered(report(configured(q.command('export').argument('[ids...]', 'queue ids; default: everything', idsOf)), LINES))
    .description('copy messages out: for each one <id>.eml, and <id>.json with its envelope and state')
    .option('--to <place>', 'a folder, a file.tar, or - for a tar archive on standard output', '-')
    .addHelpText('after', example('postern queue export --to saved', 'postern queue export --older 1d | tar tv'))
    .action(async (ids: string[], o: ExportOptions) =>
      (await import('../commands/queue/export.ts')).exportQueue(ids, o),
    )
  report(configured(q.command('import').argument('<place>', 'a folder, a file.tar, or - for standard input')), LINES)
    .description('take exported messages in: envelope and age as they were, for the recipients that were pending')
    .option('--hold', 'hold them all; what was held is held in any case')
    .option('--why <text>', 'the reason, for the record', 'by hand')
    .addHelpText('after', example('postern queue import saved --hold'))
    .action(async (place: string, o: ImportOptions) =>
      (await import('../commands/queue/import.ts')).importQueue(place, o),
    )
}
