/** `postern queue flush` */
import { findConfig } from '../../config.ts'
import { needDaemon } from '../../control/client.ts'
import { CommandError, EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import { print, printJson } from '../print.ts'

export async function flush(id: string | undefined, o: ReportOptions & { readonly site?: string }): Promise<void> {
  if (id !== undefined && o.site !== undefined) throw new CommandError(EX.USAGE, 'an id and --site exclude each other')
  const daemon = await needDaemon((await findConfig(o.config)).spool)
  const answer = await daemon.ask('queue.flush', { id, site: o.site })
  if (answer.missing.length > 0) throw new CommandError(EX.NOINPUT, `there is no message ${id} in the queue`)
  if (o.json) printJson({ flushed: answer.flushed })
  else print([said(answer.flushed, id, o.site)])
}
function said(n: number, id: string | undefined, site: string | undefined): string {
  if (id !== undefined) return n > 0 ? `${id} is tried now` : `${id} is held: release it first`
  const which = site === undefined ? '' : ` for ${site}`
  return n === 1 ? `1 message${which} is tried now` : `${n} messages${which} are tried now`
}
