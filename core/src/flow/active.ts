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
  /** shares another recipient's delivery: settled with it, told to nobody */
  readonly twin?: boolean
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
  /** recipients that lead to a mailbox which another recipient's delivery is for, by that one's number */
  readonly twins = new Map<number, ActiveRecipient[]>()
  /** each mailbox once, however many aliases lead there: whose delivery it is, or that it has been */
  readonly #mailboxes = new Map<string, number | 'delivered'>()
  /** on the queue's clock: mail expires only by an attempt that began after its lifetime had passed */
  readonly began: number

  constructor(message: QueuedMessage, began: number) {
    this.began = began
    this.message = message
    this.attempts = message.attempts
    this.open = message.recipients
      .filter((r) => r.state === 'pending')
      .map((r) => ({ ...r, ancestors: ancestorsOf(r, message.recipients) }))
    for (const r of message.recipients)
      if (r.state === 'delivered') this.#mailboxes.set(addressKey(addressOf(r.address)), 'delivered')
  }
  /** `mine`: this recipient gets the delivery. `twin`: it shares another's. `delivered`: it has been, in an earlier round. */
  claim(r: ActiveRecipient): 'mine' | 'twin' | 'delivered' {
    const key = addressKey(addressOf(r.address))
    const owner = this.#mailboxes.get(key)
    if (owner === 'delivered') return 'delivered'
    if (owner === undefined) {
      this.#mailboxes.set(key, r.n)
      return 'mine'
    }
    this.twins.set(owner, [...(this.twins.get(owner) ?? []), r])
    return 'twin'
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
