/** `postern queue verify` */
import { findConfig } from '../../config.ts'
import type { ReportOptions } from '../../program/options.ts'
import { verifier } from '../../offline.ts'
import { Progress } from '../../text/progress.ts'
import { terminalWidth } from '../../text/paint.ts'
import { table } from '../../text/table.ts'
import { print, printJson, warn } from '../print.ts'

/** could not be verified, which is neither clean nor not */
const UNKNOWN = 2

/** Reads the disk itself, whether a daemon runs or not. */
export async function verify(o: ReportOptions): Promise<void> {
  const found = await verifier(await findConfig(o.config))
  if ('package' in found) {
    warn([`the queue of ${found.package} cannot be verified from outside`])
    process.exitCode = UNKNOWN
    return
  }
  const progress = new Progress('verify')
  try {
    const { problems, ...rest } = await found.verify(found.folder, {
      onProgress: (done, total) => progress.reach(done, total),
    })
    progress.end()
    if (o.json) printJson({ folder: found.folder, problems, ...rest })
    else print(problems.length === 0 ? [`${found.folder}: no problems`] : problemTable(problems))
    process.exitCode = problems.length === 0 ? 0 : 1
  } catch (error) {
    progress.end()
    warn([`${found.folder} could not be verified: ${(error as Error).message}`])
    process.exitCode = UNKNOWN
  }
}
/** Problems are texts, or records whose fields are the columns. */
function problemTable(problems: readonly unknown[]): string[] {
  const records = problems.map((p) =>
    typeof p === 'object' && p !== null ? (p as Record<string, unknown>) : { problem: p },
  )
  const fields = [...new Set(records.flatMap((r) => Object.keys(r)))]
  const columns = fields.map((f) => ({ head: f.toUpperCase() }))
  const cells = records.map((r) => fields.map((f) => (r[f] === undefined ? '' : String(r[f]))))
  return table(columns, cells, terminalWidth())
}
