/** A client that trickles bytes holds a session no longer than one that is honest but slow. */
import type { CommandStream } from './stream.ts'

export interface DeadlineLimits {
  /** ms for a command line, and the head start of content */
  readonly commandTime: number
  /** bytes per second of content, 0 is any */
  readonly minDataRate: number
}

/** `contentSince` and `now` on the performance clock. */
export function overdue(parser: CommandStream, contentSince: number, limits: DeadlineLimits, now: number): boolean {
  const { commandTime, minDataRate } = limits
  if (!parser.inContent) return parser.partialSince > 0 && now - parser.partialSince > commandTime
  if (minDataRate === 0) return false
  return now - contentSince - parser.heldMs > commandTime + (parser.taken / minDataRate) * 1000
}
