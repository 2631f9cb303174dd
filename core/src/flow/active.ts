/** A message in delivery: which recipients are open, what became of the others in this round. */
import type { Outcome } from '../contract/deliver.ts'
import type { QueuedMessage, RecipientSeed, StoredRecipient } from '../contract/store.ts'
import { addressKey, addressOf } from '../address.ts'

export interface ActiveRecipient extends RecipientSeed {
  readonly n: number
  readonly parent?: number
  readonly ancestors: readonly string[]
}
export interface RoundResult {
  readonly recipient: ActiveRecipient
  readonly outcome: Outcome
}
export class ActiveMessage {
  readonly message: QueuedMessage
  /** recipients that still need something in this round */
  readonly open: ActiveRecipient[]
  readonly failures: RoundResult[] = []
  readonly deferrals: RoundResult[] = []
  delivered = 0
  attempts: number
  /** legs on their way, and 1 while recipients are being resolved */
  pending = 0
  /** an operator or an attempt tap holds the message */
  held: { by: string; reason: string } | undefined
  /** addresses that have a delivery already: each mailbox once, however many aliases lead there */
  readonly #routed = new Set<string>()

  constructor(message: QueuedMessage) {
    this.message = message
    this.attempts = message.attempts
    this.open = message.recipients
      .filter((r) => r.state === 'pending')
      .map((r) => ({ ...r, ancestors: ancestorsOf(r, message.recipients) }))
    for (const r of message.recipients) if (r.state === 'delivered') this.#routed.add(addressKey(addressOf(r.address)))
  }
  /** False when this address is on its way or delivered: one of several aliases led here before. */
  claimAddress(address: string): boolean {
    const key = addressKey(addressOf(address))
    if (this.#routed.has(key)) return false
    this.#routed.add(key)
    return true
  }
}
function ancestorsOf(r: StoredRecipient, all: readonly StoredRecipient[]): string[] {
  const out: string[] = []
  for (let p = r.parent; p !== undefined; p = all[p]?.parent) {
    const parent = all[p]
    if (!parent || out.length > all.length) break
    out.push(parent.address)
  }
  return out
}
