/** A message in delivery: which recipients are open, what became of the others in this round. */
import type { Outcome } from '../contract/deliver.ts'
import type { QueuedMessage, RecipientSeed, StoredRecipient } from '../contract/store.ts'
import type { Leg } from './destination.ts'
import type { Round } from './round.ts'
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
  readonly transport?: string
  /** shares another recipient's delivery: settled with it, told to nobody */
  readonly twin?: boolean
  /** nobody was asked: no ground to end the mail */
  readonly untried?: boolean
  /** became several addresses */
  readonly expanded?: boolean
  /** ms between attempts, where the next hop has a schedule of its own */
  readonly retry?: readonly number[]
}
/** recipients above which a message is a list: its deliveries take turns with small mail */
const LIST_RECIPIENTS = 50

export class ActiveMessage {
  readonly message: QueuedMessage
  /** recipients still to be resolved in this round, the next one last */
  readonly open: ActiveRecipient[]
  /** recipients of this round without an outcome; who is left at its end is deferred, whatever went wrong */
  readonly unsettled = new Map<number, ActiveRecipient>()
  readonly round: Round
  /** outcomes that the store has not taken yet */
  readonly writes: Promise<void | false>[] = []
  /** addresses that a recipient of the message is by now, by its number */
  readonly #expanded = new Map<number, number>()
  readonly failures: RoundResult[] = []
  readonly deferrals: RoundResult[] = []
  /** for senders who asked to hear of them */
  readonly successes: RoundResult[] = []
  /** all of them, for senders who asked what becomes of each */
  readonly traced: RoundResult[] = []
  /** legs, by destination, while recipients are being resolved */
  gathered: Map<string, Leg> | undefined
  /** recipients whose delivery waits or is under way, by number */
  readonly delivering = new Map<number, ActiveRecipient>()
  /** ms until those are tried for whose next hop too much waits */
  postponed: number | undefined
  /** legs on their way, and 1 while recipients are being resolved */
  pending = 0
  /** recipients that lead to a mailbox which another recipient's delivery is for, by that one's number */
  readonly twins = new Map<number, ActiveRecipient[]>()
  /** each mailbox once, however many aliases lead there: whose delivery it is, or that it has been; from the second claim on */
  #mailboxes: Map<string, number | 'delivered'> | undefined
  /** the only claim so far: most mail is for one, and needs no keys */
  #first: { readonly r: ActiveRecipient; readonly originals: boolean } | undefined

  constructor(message: QueuedMessage, round: Round) {
    this.message = message
    this.round = round
    round.next = message.more
    const known = knownOf(message.recipients)
    this.open = message.recipients
      .filter((r) => r.state === 'pending' && !round.had.has(r.n))
      .map((r) => active(r, known))
      .reverse()
    for (const r of this.open) this.unsettled.set(r.n, r)
    // the limit of expansion holds over all rounds
    for (const r of message.recipients) {
      if (r.parent === undefined || r.state === 'expanded') continue
      const root = rootOf(r, known)
      this.#expanded.set(root, (this.#expanded.get(root) ?? 0) + 1)
    }
    for (const r of message.recipients)
      if (r.state === 'delivered')
        for (const originals of [true, false])
          (this.#mailboxes ??= new Map()).set(deliveryKey(r, originals), 'delivered')
  }
  /** Its deliveries take turns with those of small mail. */
  get isList(): boolean {
    return this.round.isLong || this.message.recipients.length > LIST_RECIPIENTS
  }
  /** False when one recipient would become more addresses than `limit` in the end, those that became others left out. */
  mayExpand(r: ActiveRecipient, by: number, limit: number): boolean {
    // it is one of them itself, until it is others
    const count = (this.#expanded.get(r.root) ?? 1) - 1 + by
    this.#expanded.set(r.root, count)
    return count <= limit
  }
  /**
   * `mine`: this recipient gets the delivery. A number: it shares that recipient's. `delivered`: it has been, in an earlier round.
   * `originals`: whom the sender wrote to counts (enable_original_recipient).
   */
  claim(r: ActiveRecipient, originals: boolean): 'mine' | 'delivered' | number {
    const first = this.#first
    if (!this.#mailboxes && !first) {
      this.#first = { r, originals }
      return 'mine'
    }
    const mailboxes = (this.#mailboxes ??= new Map(first && [[deliveryKey(first.r, first.originals), first.r.n]]))
    const key = deliveryKey(r, originals)
    const owner = mailboxes.get(key)
    if (owner === 'delivered') return 'delivered'
    if (owner === undefined) {
      mailboxes.set(key, r.n)
      return 'mine'
    }
    const twins = this.twins.get(owner)
    if (twins) twins.push(r)
    else this.twins.set(owner, [r])
    return owner
  }
}
/**
 * What is one delivery: the mailbox, whom the sender wrote to, and what the sender wants to hear of it. Without case, as Postfix's
 * duplicate filter compares: RICH@ and rich@ in one message are one; two aliases of one mailbox get a copy each. Without
 * originals the mailbox alone counts.
 */
const deliveryKey = (
  r: Pick<StoredRecipient, 'address' | 'original' | 'orcpt' | 'notify'>,
  originals: boolean,
): string =>
  (originals
    ? `${addressKey(addressOf(r.address))}\n${r.original}\n${r.orcpt ?? ''}\n${r.notify?.join() ?? ''}`
    : addressKey(addressOf(r.address))
  ).toLowerCase()

type Known = ReadonlyMap<number, StoredRecipient>
const NOBODY: Known = new Map()
/** By number; asked for only by those that were expanded from another. */
const knownOf = (recipients: readonly StoredRecipient[]): Known =>
  recipients.some((r) => r.parent !== undefined) ? new Map(recipients.map((r) => [r.n, r])) : NOBODY
/** Named one by one: properties added to a spread object cost V8 a microsecond each. */
function active(r: StoredRecipient, known: Known): ActiveRecipient {
  const { n, parent, address, original, orcpt, notify, bcc, final } = r
  const [ancestors, root] = [ancestorsOf(r, known), rootOf(r, known)]
  return { n, parent, ancestors, root, address, original, orcpt, notify, bcc, final } satisfies Record<
    keyof ActiveRecipient,
    unknown
  >
}
function ancestorsOf(r: StoredRecipient, all: Known): string[] {
  const out: string[] = []
  for (let p = r.parent; p !== undefined; p = all.get(p)?.parent) {
    const parent = all.get(p)
    if (!parent || out.length > all.size) break
    out.push(parent.address)
  }
  return out
}
function rootOf(r: StoredRecipient, all: Known): number {
  let at = r
  for (let i = 0; at.parent !== undefined && all.has(at.parent) && i < all.size; i++) at = all.get(at.parent)!
  return at.n
}
