/** `postern reload` */
import { configName, findConfig } from '../config.ts'
import { RefusedByDaemon, needDaemon } from '../control/client.ts'
import { problemLines } from '../failure.ts'
import type { ConfigOptions } from '../program.ts'
import { print } from './print.ts'

export async function reload(o: ConfigOptions): Promise<void> {
  const { spool } = await findConfig(o.config)
  const daemon = await needDaemon(spool)
  try {
    const { configuration } = await daemon.ask('reload', {})
    print([`reloaded: ${configName(configuration)}`])
  } catch (error) {
    if (!(error instanceof RefusedByDaemon) || error.problems.length === 0) throw error
    process.stderr.write(`${problemLines(error.problems).join('\n')}\npostern: the old configuration runs on\n`)
    process.exitCode = error.exit
  }
}
