/** `postern queue export` */
import { findConfig } from '../../config.ts'
import { CommandError, EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import { archiveFor } from '../../queue/archive/write.ts'
import { queueSource } from '../../queue/source.ts'
import { Progress } from '../../text/progress.ts'
import { printer, warn } from '../print.ts'
import { queryOf } from './filters.ts'
import type { FilterOptions } from './filters.ts'

export interface ExportOptions extends ReportOptions, FilterOptions {
  readonly to: string
}
export async function exportQueue(ids: readonly string[], o: ExportOptions): Promise<void> {
  const query = { ...queryOf(o), ...(ids.length > 0 && { ids }) }
  if (o.to === '-' && process.stdout.isTTY)
    throw new CommandError(EX.USAGE, 'a tar archive is not for a terminal: name a folder or a file with --to')
  if (o.to === '-' && o.json)
    throw new CommandError(EX.USAGE, '--json and the archive would both go to standard output')
  const source = await queueSource(await findConfig(o.config))
  const wholes = source.wholes(query)[Symbol.asyncIterator]()
  // what cannot be read leaves no empty archive behind
  let next = await wholes.next()
  const archive = await archiveFor(o.to)
  const missing = new Set(ids)
  const progress = new Progress('export', ids.length || undefined, o.json)
  const out = printer()
  let done = 0
  let damage = 0
  for (; !next.done; next = await wholes.next()) {
    const whole = next.value
    const { id } = whole.message
    const damaged = await archive.add(whole).catch((error: unknown) => cannotWrite(o.to, error))
    if (damaged !== undefined) {
      damage++
      warn([`${id} is not whole: ${damaged}`])
    }
    if (o.json) await out.add(JSON.stringify({ id, bytes: whole.bytes, damaged }) + '\n')
    missing.delete(id)
    done++
    progress.step()
  }
  await archive.end().catch((error: unknown) => cannotWrite(o.to, error))
  progress.end()
  const text = `${done} message${done === 1 ? '' : 's'} exported`
  if (o.to === '-') process.stderr.write(`postern: ${text}\n`)
  else if (!o.json) await out.add(`${text} to ${o.to}\n`)
  await out.flush()
  warn([...missing].map((id) => `there is no message ${id} in the queue`))
  if (missing.size > 0) process.exitCode = EX.NOINPUT
  if (damage > 0) process.exitCode = EX.DATAERR
}

/** A full disk is the disk's; what the queue says is passed on. */
function cannotWrite(place: string, error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException
  throw code === undefined || error instanceof CommandError
    ? error
    : new CommandError(EX.CANTCREAT, `${place}: ${message}`)
}
