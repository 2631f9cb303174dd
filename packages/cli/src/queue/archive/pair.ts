/** A message outside the queue: `<id>.eml`, which any mail program opens, and `<id>.json` with what does not stand in it. */
import type { RecipientSeed, StoredRecipient } from '@postern/core'
import type { QueueRow } from '../../control/protocol.ts'

export interface Pair {
  /** as the archive calls it, for what is said about it */
  readonly name: string
  /** what stands in the .json file */
  readonly facts: unknown
  readonly content: Buffer
}
export const FORMAT = 'postern-message-1'

/** The .json file. `damaged`: the content is not whole. */
export const factsText = (message: QueueRow, damaged?: string): string =>
  JSON.stringify({ format: FORMAT, ...message, ...(damaged !== undefined && { damaged }) }, null, 2) + '\n'

export type Facts = QueueRow & { readonly damaged?: string }
/** Throws what a person reads where this cannot be imported. What it says of the message is checked by the daemon. */
export function factsOf(value: unknown): Facts {
  const facts = value as (Facts & { format?: unknown }) | null
  if (typeof facts !== 'object' || facts?.format !== FORMAT || !Array.isArray(facts.recipients))
    throw new Error(`is not an exported message ("format": "${FORMAT}")`)
  if (facts.damaged !== undefined) throw new Error(`the message is not whole: ${facts.damaged}`)
  return facts
}
/** Who is still to be tried, as if they had just come. An alias that leads to itself is not followed a second time. */
export function seedsOf(recipients: readonly StoredRecipient[]): RecipientSeed[] {
  const byNumber = new Map(recipients.map((r) => [r.n, r]))
  const isCircle = (r: StoredRecipient): boolean => {
    const seen = new Set<number>()
    for (let at = r.parent; at !== undefined && !seen.has(at); at = byNumber.get(at)?.parent) {
      seen.add(at)
      if (byNumber.get(at)?.address.toLowerCase() === r.address.toLowerCase()) return true
    }
    return false
  }
  return recipients
    .filter((r) => r.state === 'pending')
    .map((r) => ({
      address: r.address,
      original: r.original,
      orcpt: r.orcpt,
      notify: r.notify,
      bcc: r.bcc,
      final: r.final || isCircle(r) || undefined,
    }))
}
