/** What an acknowledgement says of the log before it. */
import type { Acknowledgements } from './load.ts'

/** an id: ms since 2020 above 12 bits of the part and 11 of a sequence, in base 32 */
const ID_ORIGIN = Date.UTC(2020, 0, 1)

/** When an id was given, ms since 1970, and in which part. */
function decoded(id: string): { readonly at: number; readonly part: bigint } {
  let n = 0n
  for (const digit of id) n = n * 32n + BigInt(parseInt(digit, 32))
  return { at: Number(n >> 23n) + ID_ORIGIN, part: (n >> 11n) & 0xfffn }
}
/** ms since 1970 */
export const begunAt = (id: string): number => decoded(id).at
/**
 * A message that was begun after `from` in the part of the message `id` has been acknowledged before `end`, ms since 1970. A part's log has
 * one order: what was recorded in it before `from` is as durable as that message. How long this takes is the machine's affair.
 */
export function isFollowed(acks: Acknowledgements, id: string, from: number, end: number): boolean {
  const { part } = decoded(id)
  for (const ack of acks.all.values()) {
    if (ack.at < from || ack.at > end) continue
    const other = decoded(ack.id)
    if (other.part === part && other.at > from) return true
  }
  return false
}
