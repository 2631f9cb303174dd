/** Recipients put together: addresses from COMMIT, STATE, EXPAND and FOLD, states from the row, texts from the outcomes. */
import { EXPAND, FOLD, OUTCOME, STATE } from './frame.ts'
import { EXPANDED, PENDING, TOLD } from './recipient-states.ts'
import {
  decodeExpand,
  decodeFold,
  decodeHome,
  decodeRecord,
  homeSeedsAt,
  listSeedsAt,
  numbersIn,
  readSeeds,
} from './envelope.ts'
import type { LoadRange, RecipientSeed, RecipientState, StoredRecipient } from '@postern/core'
import type { OutcomeData, Seed, Told } from './envelope.ts'
import type { ReadFrame, Reader } from './reader.ts'
import type { Rows } from './rows.ts'

/** of the outcome that leads to a state */
const LETTERS = ['t', 'd', 'f']
const STATES: readonly RecipientState[] = ['pending', 'delivered', 'failed', 'expanded']

/** Where the recipients that came with the message are. */
export interface Seeds {
  readonly count: number
  /** of ascending numbers */
  take(wanted: readonly number[], to: (n: number, seed: Seed) => void): void
}
export const seedsIn = (envelope: Buffer, count: number): Seeds => ({
  count,
  take: (wanted, to) => readSeeds(envelope, homeSeedsAt(envelope), wanted, to),
})
export const seedsFrom = (seeds: readonly RecipientSeed[]): Seeds => ({
  count: seeds.length,
  take: (wanted, to) => {
    for (const n of wanted) to(n, seeds[n]!)
  },
})

export interface Chosen {
  readonly recipients: StoredRecipient[]
  readonly more?: number
  /** Something could not be found: see `basis`. */
  readonly lacks: 'nothing' | 'text' | 'recipients'
}
/** States as they were when the row was looked at: it may end, or go to another message, during the reads. */
interface Look {
  readonly count: number
  readonly nibbles: Uint8Array
}
const nibble = (look: Look, n: number) => (look.nibbles[n >>> 1]! >>> ((n & 1) * 4)) & 15

export class Recipients {
  readonly #rows: Rows
  readonly #reader: Reader
  readonly #drops: () => number

  /** `drops`: how many segments have gone so far, those that are about to included. */
  constructor(rows: Rows, reader: Reader, drops = () => 0) {
    this.#rows = rows
    this.#reader = reader
    this.#drops = drops
  }
  /**
   * What a read rests on. It may lack something when this has changed meanwhile, once everything is written: an expansion
   * that had no place in the log yet, a message that moved, a segment that went. Then it is to be read again.
   */
  basis(slot: number): string {
    const rows = this.#rows
    const places = [rows.segment(slot), rows.offset(slot), rows.lastSegment(slot), rows.lastOffset(slot)]
    return [this.#drops(), rows.states.count(slot), ...places].join()
  }

  /**
   * All of them with what they were told; for a range, which is for delivery, no texts, and of a list that is longer than
   * its limit only the pending ones with their ancestors.
   */
  async choose(slot: number, seeds: Seeds, range: LoadRange | undefined): Promise<Chosen> {
    const look = { count: this.#rows.states.count(slot), nibbles: Uint8Array.from(this.#rows.states.all(slot)) }
    const { from = 0, limit = Infinity } = range ?? {}
    const part = from > 0 || look.count > limit
    const { wanted, more } = part ? pendingIn(look, from, limit) : { wanted: upTo(look.count), more: undefined }
    const found = new Map<number, Seed>()
    const texts = this.#texts(slot, look, range ? [] : wanted)
    // what is read beside it may fail first
    texts.catch(() => undefined)
    await this.#addresses(slot, seeds, wanted, found)
    // a chain of expansions: each parent was there before its children
    let known = -1
    for (let missing = orphans(found); missing.length > 0 && found.size > known; missing = orphans(found)) {
      known = found.size
      await this.#addresses(slot, seeds, missing, found)
    }
    const { told, whole } = await texts
    const recipients = [...found.keys()].sort((a, b) => a - b).map((n) => stored(n, found.get(n)!, look, told.get(n)))
    const all = wanted.every((n) => found.has(n)) && orphans(found).length === 0
    const lacks = !all ? 'recipients' : whole ? 'nothing' : 'text'
    return { recipients, lacks, ...(more !== undefined && { more }) }
  }

  async #addresses(slot: number, seeds: Seeds, wanted: readonly number[], found: Map<number, Seed>): Promise<void> {
    const own = wanted.filter((n) => n < seeds.count)
    seeds.take(own, (n, seed) => found.set(n, seed))
    if (own.length === wanted.length) return
    const id = this.#rows.id(slot)
    const lists = [...(this.#rows.extras.get(slot)?.expands ?? [])]
    for (const [, place] of lists) {
      const frame = await this.#reader.record(id, place)
      if (frame) takeFromList(frame, wanted, found)
    }
  }
  /** What the wanted recipients were told last, from their latest outcomes. */
  async #texts(
    slot: number,
    look: Look,
    wanted: readonly number[],
  ): Promise<{ told: ReadonlyMap<number, Told>; whole: boolean }> {
    const missing = new Set(wanted.filter((n) => (nibble(look, n) & TOLD) !== 0 && (nibble(look, n) & 3) !== EXPANDED))
    const told = new Map<number, Told>()
    if (missing.size === 0) return { told, whole: true }
    for await (const { header, envelope } of this.#reader.chain(slot)) {
      const whole = header.type === STATE || header.type === FOLD
      for (const entry of toldIn(header.type, envelope))
        for (const n of numbersIn(entry as unknown as number[], 3)) {
          // what came after the end of a recipient says nothing
          if (!missing.has(n) || LETTERS[nibble(look, n) & 3] !== entry[0]) continue
          missing.delete(n)
          told.set(n, entry)
        }
      if (missing.size === 0 || whole) break
    }
    return { told, whole: missing.size === 0 }
  }
}
function toldIn(type: number, envelope: Buffer): readonly Told[] {
  if (type === OUTCOME) return decodeRecord<OutcomeData>(envelope).o
  if (type === FOLD) return decodeFold(envelope).o
  return type === STATE ? (decodeHome(envelope).s?.o ?? []) : []
}
function takeFromList({ header, envelope }: ReadFrame, wanted: readonly number[], found: Map<number, Seed>): void {
  if (header.type !== EXPAND && header.type !== FOLD) return
  const { parent, first, count } = decodeExpand(envelope)
  const own = wanted.filter((n) => n >= first && n < first + count).map((n) => n - first)
  const expand = header.type === EXPAND
  readSeeds(envelope, listSeedsAt(envelope), own, (i, seed) =>
    found.set(first + i, expand ? { ...seed, p: parent } : seed),
  )
}
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)
function pendingIn(look: Look, from: number, limit: number): { wanted: number[]; more?: number } {
  const wanted: number[] = []
  for (let n = from; n < look.count; n++) {
    if ((nibble(look, n) & 3) !== PENDING) continue
    if (wanted.length >= limit) return { wanted, more: n }
    wanted.push(n)
  }
  return { wanted }
}
function orphans(found: Map<number, Seed>): number[] {
  const missing = new Set<number>()
  for (const { p } of found.values()) if (p !== undefined && !found.has(p)) missing.add(p)
  return [...missing].sort((a, b) => a - b)
}
function stored(n: number, seed: Seed, look: Look, told: Told | undefined): StoredRecipient {
  const { p, ...rest } = seed
  const state = nibble(look, n) & 3
  return {
    ...rest,
    n,
    ...(p !== undefined && { parent: p }),
    state: STATES[state]!,
    ...(told && state !== EXPANDED && { esc: told[1], text: told[2] }),
  }
}
