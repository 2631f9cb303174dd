/** `postern check` */
import { PosternError, createNode, silentSink } from '@postern/core'
import type { Problem } from '@postern/core'
import { bundledFrom, configName, findConfig } from '../config.ts'
import { controlPath } from '../control/path.ts'
import { EX } from '../exit.ts'
import { problemLines } from '../failure.ts'
import type { ReportOptions } from '../program/options.ts'
import { print, printJson } from './print.ts'

export async function check(o: ReportOptions): Promise<void> {
  const { file, problems } = await problemsOf(o.config)
  if (problems.length > 0) process.exitCode = EX.CONFIG
  if (o.json) printJson({ ok: problems.length === 0, configuration: file, problems })
  else print(problems.length === 0 ? [`ok: ${configName(file)}`] : problemLines(problems))
}

async function problemsOf(config: string | undefined): Promise<{ file: string; problems: readonly Problem[] }> {
  const { loaded, spool } = await findConfig(config)
  try {
    await createNode(loaded, { log: silentSink, resolveFrom: bundledFrom() })
    controlPath(spool)
    return { file: loaded.file, problems: [] }
  } catch (error) {
    if (!(error instanceof PosternError) || error.problems.length === 0) throw error
    return { file: loaded.file, problems: error.problems }
  }
}
