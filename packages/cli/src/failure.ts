/** From an error to what is printed and to the exit code. */
import { PosternError, printProblem } from '@postern/core'
import type { ErrorCode, Problem } from '@postern/core'
import { CommandError, EX } from './exit.ts'
import { shortWhere } from './text/where.ts'

export interface Failure {
  readonly text: string
  readonly exit: number
}
const EXITS: Partial<Record<ErrorCode, number>> = {
  PN_START: EX.UNAVAILABLE,
  PN_STORE: EX.UNAVAILABLE,
  PN_STOPPING: EX.UNAVAILABLE,
  PN_REFUSED: EX.USAGE,
}
/** One problem a line; files below the working folder by their relative name. */
export const problemLines = (problems: readonly Problem[]): string[] =>
  problems.map((p) => printProblem({ ...p, file: shortWhere(p.file) }))

export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return { text: `postern: ${error.message}`, exit: error.exit }
  if (error instanceof PosternError) {
    if (error.problems.length > 0) return { text: problemLines(error.problems).join('\n'), exit: EX.CONFIG }
    return { text: `postern: ${error.message}`, exit: EXITS[error.code] ?? EX.CONFIG }
  }
  return {
    text: `postern: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    exit: EX.SOFTWARE,
  }
}
