/** An error as it travels to the command that asked. */
import { PosternError } from '@postern/core'
import type { RemoteError } from '../control/protocol.ts'
import { failureOf } from '../failure.ts'

export function remoteErrorOf(error: unknown): RemoteError {
  const { text, exit } = failureOf(error)
  const problems = error instanceof PosternError && error.problems.length > 0 ? error.problems : undefined
  return { text: text.replace(/^postern: /, ''), exit, problems }
}
