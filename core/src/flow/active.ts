/** A message in delivery: which recipients are open, what became of the others in this round. */
import type { Outcome } from '../contract/deliver.ts'
import type { QueuedMessage, RecipientSeed, StoredRecipient } from '../contract/store.ts'
import { addressKey, addressOf } from '../address.ts'

export interface ActiveRecipient extends RecipientSeed {
  readonly n: number
  readonly parent?: number
  readonly ancestors: readonly string[]
  /** number of the recipient of the message that it was expanded from, or its own */
  readonly root: number
}
export interface RoundResult {
  readonly recipient: ActiveRecipient
  readonly outcome: Outcome
  /** shares another recipient's delivery: settled with it, told to nobody */
  readonly twin?: boolean
  /** nobody was asked: no ground to end the mail */
  readonly untried?: boolean
}
export class ActiveMessage {
  readonly message: QueuedMessage
  /** recipients still to be resolved in this round, the next one last */
  readonly open: ActiveRecipient[]
  /** recipients of this round without an outcome; who is left at its end is deferred, whatever went wrong */
  readonly unsettled = new Map<number, ActiveRecipient>()
  /** what an operator said meanwhile */
  told: 'hold' | 'delete' | undefined
  expired: boolean
  /** outcomes that the store has not taken yet */
  readonly writes: Promise<void | false>[] = []
  /** addresses that a recipient of the message has become, by its number */
  readonly #expanded = new Map<number, number>()
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
    this.expired = message.expired === true
    this.open = message.recipients
      .filter((r) => r.state === 'pending')
      .map((r) => ({ ...r, ancestors: ancestorsOf(r, message.recipients), root: rootOf(r, message.recipients) }))
      .reverse()
    for (const r of this.open) this.unsettled.set(r.n, r)
    // the limit of expansion holds over all rounds
    for (const r of message.recipients) {
      if (r.parent === undefined) continue
      const root = rootOf(r, message.recipients)
      this.#expanded.set(root, (this.#expanded.get(root) ?? 0) + 1)
    }
    for (const r of message.recipients)
      if (r.state === 'delivered') this.#mailboxes.set(mailboxKey(r.address), 'delivered')
  }
  /** False when one recipient would become more addresses than `limit`, over all its levels. */
  mayExpand(r: ActiveRecipient, by: number, limit: number): boolean {
    const count = (this.#expanded.get(r.root) ?? 0) + by
    this.#expanded.set(r.root, count)
    return count <= limit
  }
  /** `mine`: this recipient gets the delivery. `twin`: it shares another's. `delivered`: it has been, in an earlier round. */
  claim(r: ActiveRecipient): 'mine' | 'twin' | 'delivered' {
    const key = mailboxKey(r.address)
    const owner = this.#mailboxes.get(key)
    if (owner === 'delivered') return 'delivered'
    if (owner === undefined) {
      this.#mailboxes.set(key, r.n)
      return 'mine'
    }
    const twins = this.twins.get(owner)
    if (twins) twins.push(r)
    else this.twins.set(owner, [r])
    return 'twin'
  }
}
/** Without case, as Postfix's duplicate filter compares: RICH@ and rich@ in one message are one delivery. */
const mailboxKey = (address: string) => addressKey(addressOf(address)).toLowerCase()

function ancestorsOf(r: StoredRecipient, all: readonly StoredRecipient[]): string[] {
  const out: string[] = []
  for (let p = r.parent; p !== undefined; p = all[p]?.parent) {
    const parent = all[p]
    if (!parent || out.length > all.length) break
    out.push(parent.address)
  }
  return out
}
function rootOf(r: StoredRecipient, all: readonly StoredRecipient[]): number {
  let at = r
  for (let i = 0; at.parent !== undefined && all[at.parent] && i < all.length; i++) at = all[at.parent]!
  return at.n
}
