/** `postern queue import` */
import { findConfig } from '../../config.ts'
import { RefusedByDaemon, needDaemon } from '../../control/client.ts'
import type { ImportArguments } from '../../control/protocol.ts'
import { EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import { factsOf, seedsOf } from '../../queue/archive/pair.ts'
import type { Pair } from '../../queue/archive/pair.ts'
import { readArchive } from '../../queue/archive/read.ts'
import { Progress } from '../../text/progress.ts'
import { printer, warn } from '../print.ts'
import { whoAmI } from './who.ts'

export interface ImportOptions extends ReportOptions {
  readonly hold?: boolean
  readonly why: string
}
/** messages under way at once: they share the disk's sync */
const AT_ONCE = 8

/** One message that cannot be imported does not keep the others. */
export async function importQueue(place: string, o: ImportOptions): Promise<void> {
  const daemon = await needDaemon((await findConfig(o.config)).spool)
  const out = printer()
  const progress = new Progress('import', undefined, true)
  let done = 0
  const problem = (name: string, text: string) => {
    warn([`${name}: ${text}`])
    process.exitCode = EX.DATAERR
  }
  const pairs = readArchive(place, problem)
  const carry = async () => {
    const series = await daemon.series('queue.import')
    try {
      for await (const pair of pairs) {
        const from = await argumentsOf(pair, o, problem)
        const id = from && (await bring(series.ask, from, pair.name, problem))
        if (!id) continue
        done++
        progress.step()
        await out.add(o.json ? JSON.stringify({ from: from.id, id }) + '\n' : `${from.id} imported as ${id}\n`)
      }
    } finally {
      series.close()
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, carry))
  } finally {
    progress.end()
    await out.flush()
  }
  if (!o.json) process.stderr.write(`postern: ${done} message${done === 1 ? '' : 's'} imported\n`)
}
type Tell = (name: string, text: string) => void

async function argumentsOf(pair: Pair, o: ImportOptions, problem: Tell): Promise<ImportArguments | undefined> {
  try {
    const { id, envelope, recipients, held } = factsOf(pair.facts)
    const why = o.hold ? o.why : held?.reason
    return {
      id,
      envelope,
      recipients: seedsOf(recipients),
      ...(why !== undefined && { held: why }),
      content: pair.content.toString('base64'),
      who: whoAmI(),
      why: o.why,
    }
  } catch (error) {
    problem(pair.name, (error as Error).message)
    return undefined
  }
}
async function bring(
  ask: (args: ImportArguments) => Promise<{ readonly id: string }>,
  args: ImportArguments,
  name: string,
  problem: Tell,
): Promise<string | undefined> {
  try {
    return (await ask(args)).id
  } catch (error) {
    if (!(error instanceof RefusedByDaemon) || error.exit !== EX.DATAERR) throw error
    problem(name, error.message)
    return undefined
  }
}
