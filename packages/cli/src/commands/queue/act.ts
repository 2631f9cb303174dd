/** `postern queue hold`, `release`, `delete`, `expire`, `requeue` */
import { createInterface } from 'node:readline/promises'
import { findConfig } from '../../config.ts'
import { needDaemon } from '../../control/client.ts'
import type { Daemon } from '../../control/client.ts'
import type { AdminRow, AdminVerb, QueueCount } from '../../control/protocol.ts'
import { CommandError, EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import type { QueueQuery } from '../../queue/query.ts'
import { Progress } from '../../text/progress.ts'
import { bytes } from '../../text/units.ts'
import { printer, warn } from '../print.ts'
import { chosen } from './filters.ts'
import type { FilterOptions } from './filters.ts'
import { whoAmI } from './who.ts'

export interface ActOptions extends ReportOptions, FilterOptions {
  readonly all?: boolean
  readonly yes?: boolean
  readonly why: string
}
const PAST: Record<AdminVerb, string> = {
  hold: 'held',
  release: 'released',
  delete: 'deleted',
  expire: 'expired',
  requeue: 'requeued',
}
/** What cannot be taken back is asked about above this many messages, where they are not named one by one. */
const MANY = 20
const FINAL: readonly AdminVerb[] = ['delete', 'expire']

export async function act(action: AdminVerb, ids: readonly string[], o: ActOptions): Promise<void> {
  const choice = chosen(action, ids, o)
  const daemon = await needDaemon((await findConfig(o.config)).spool)
  const count = await considered(daemon, action, choice.query, o.yes)
  const out = printer()
  // a name for each is said where each was named, or has a new one
  const named = choice.ids !== undefined || action === 'requeue'
  const progress = new Progress(action, count?.messages ?? ids.length, named || o.json)
  const busy: string[] = []
  const line = ({ id, to }: AdminRow) => (to === undefined ? `${id} ${PAST[action]}` : `${id} requeued as ${to}`)
  try {
    const { done, missing } = await daemon.ask(
      'queue.admin',
      { action, ...choice, who: whoAmI(), why: o.why },
      async (row) => {
        progress.step()
        if (o.json) await out.add(JSON.stringify({ ...row, action }) + '\n')
        else if (row.busy) busy.push(row.id)
        else if (named) await out.add(line(row) + '\n')
      },
    )
    progress.end()
    if (!o.json && (!named || done + missing.length + busy.length === 0)) await out.add(summary(action, done) + '\n')
    await out.flush()
    if (busy.length > 0) {
      warn(busy.map((id) => `${id} is being delivered just now: try again in a moment`))
      process.exitCode = EX.TEMPFAIL
    }
    if (missing.length === 0) return
    warn(missing.map((id) => `there is no message ${id} in the queue`))
    process.exitCode = EX.NOINPUT
  } finally {
    progress.end()
    await out.flush()
  }
}
const summary = (action: AdminVerb, n: number): string =>
  n === 0 ? 'no message in the queue is like that' : `${messages(n)} ${PAST[action]}`
const messages = (n: number): string => `${n} message${n === 1 ? '' : 's'}`

/** Counts where a bar or a question needs it; throws CommandError (64) where the answer is no. */
async function considered(
  daemon: Daemon,
  action: AdminVerb,
  query: QueueQuery | undefined,
  yes = false,
): Promise<QueueCount | undefined> {
  const asks = FINAL.includes(action) && !yes
  if (!query || !(asks || Progress.isPossible)) return undefined
  const count = await daemon.ask('queue.count', { query })
  if (asks && count.messages > MANY) await confirm(`${action} ${messages(count.messages)}, ${bytes(count.bytes)}`)
  return count
}
async function confirm(what: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new CommandError(EX.USAGE, `this would ${what}: say --yes if that is meant`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${what}? This cannot be taken back. [y/N] `)
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError(EX.USAGE, 'nothing was done')
}
