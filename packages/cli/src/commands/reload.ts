/** `postern reload` */
import { configName, findConfig } from '../config.ts'
import { RefusedByDaemon, needDaemon } from '../control/client.ts'
import { problemLines } from '../failure.ts'
import type { ConfigOptions } from '../program/options.ts'
import { print } from './print.ts'

export async function reload(o: ConfigOptions & { workers?: number }): Promise<void> {
  const { spool } = await findConfig(o.config)
  const daemon = await needDaemon(spool)
  try {
    const { configuration, replaced } = await daemon.ask('reload', { workers: o.workers })
    print([`reloaded: ${configName(configuration)}${replaced === undefined ? '' : `, new workers: ${replaced}`}`])
  } catch (error) {
    if (!(error instanceof RefusedByDaemon) || error.problems.length === 0) throw error
    process.stderr.write(`${problemLines(error.problems).join('\n')}\npostern: the old configuration runs on\n`)
    process.exitCode = error.exit
  }
}
