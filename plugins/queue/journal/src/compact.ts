/**
 * Compaction: what is still needed of an old segment is written again at the log's end, so that the segment can go. Of a
 * message that lives there all of it (STATE), of one that lives elsewhere what records here told (FOLD), of one that is gone
 * but could be found again elsewhere that it is gone (ABORT). The log has one order, so that the later place always wins.
 */
import { BodyDamaged } from '@postern/core'
import { ABORT, ENDS, FOLD, HEADER, PAD, STATE, isHome } from './frame.ts'
import { LIVE } from './flags.ts'
import { decodeHome } from './envelope.ts'
import { encodeHome } from './message.ts'
import { foldOf, toldOf } from './state.ts'
import { formatId, highHalf, lowHalf } from './ids.ts'
import { hop } from './hop.ts'
import { seedsIn } from './recipients.ts'
import type { FrameHeader } from './frame.ts'
import type { Journal } from './journal.ts'
import type { OutcomeRecord, StoredRecipient } from '@postern/core'
import type { Seed } from './envelope.ts'
import type { Segment } from './segment.ts'
import type { Outline } from './reader.ts'

const TRIES = 5
/** ms between looks whether commits are quick again */
const WAIT = 100

export interface CompactOptions {
  /** ms that a segment rests before it is looked at */
  readonly age: number
  /** bytes per second, read and written */
  readonly rate: number
  /** ms: the commits' latency above which it waits for another time */
  readonly patience: number
}
/** A message changed faster than it could be read. */
class Busy extends Error {}

export class Compactor {
  readonly #journal: Journal
  readonly #o: CompactOptions
  #began = 0
  #bytes = 0
  #stopped = false

  constructor(journal: Journal, options: CompactOptions) {
    this.#journal = journal
    this.#o = options
  }
  stop(): void {
    this.#stopped = true
  }
  /** Goes through what is worth it, the oldest first; rejects when the log cannot be written. Gives how many segments went. */
  async run(): Promise<number> {
    const { folder } = this.#journal
    await folder.sweep()
    this.#began = performance.now()
    this.#bytes = 0
    let done = 0
    for (const segment of [...folder.segments.values()].sort((a, b) => a.number - b.number)) {
      if (this.#mustWait() || !(await folder.spares.tend())) break
      if (!this.#isWorthIt(segment) || folder.readable(segment.number) !== segment) continue
      if (await this.#compact(segment)) done++
    }
    return done
  }
  #mustWait(): boolean {
    const { writer } = this.#journal
    return this.#stopped || writer.fault !== undefined || writer.latency > this.#o.patience
  }
  #isWorthIt(segment: Segment): boolean {
    // one that speaks of a failed one stays for that, whatever is taken out of it
    if (segment.active || segment.damaged || segment.failed || this.#journal.folder.isGuard(segment)) return false
    return performance.now() - segment.sealedAt >= this.#o.age && segment.liveBytes * 2 < segment.size
  }

  async #compact(segment: Segment): Promise<boolean> {
    const { writer, folder } = this.#journal
    segment.pins++
    try {
      const work = await this.#survey(segment)
      if (!work) return false
      for (const slot of work.move) await this.#again(() => this.#move(slot, segment))
      for (const slot of work.fold) await this.#again(() => this.#fold(slot, segment))
      for (const [id, home] of work.gone) this.#bury(id, home)
      await writer.flush()
    } catch (error) {
      // it stays as it is, and is looked at again
      if (error instanceof Busy || error instanceof BodyDamaged) return false
      throw error
    } finally {
      segment.pins--
    }
    if (segment.live > 0) return false
    segment.needs.clear()
    await folder.sweep()
    return true
  }
  /** What stands in it and counts; `undefined`: it must wait for another segment to go first. */
  async #survey(segment: Segment) {
    const { rows, folder } = this.#journal
    const [move, fold] = [new Set<number>(), new Set<number>()]
    const gone = new Map<string, number>()
    let free = true
    const elsewhere = (home: number) => home !== 0 && home !== segment.number && folder.segments.has(home)
    const look = (at: number, header: FrameHeader, envelope: Buffer) => {
      const slot = rows.find(header.high, header.low)
      const home = slot === -1 ? 0 : rows.segment(slot)
      if (isHome(header.type)) {
        if (home === segment.number && rows.offset(slot) === at) move.add(slot)
        // an older copy, which this one hides
        if (header.type === STATE && elsewhere(header.home)) free = false
        if ((header.flags & ENDS) === 0) return
        const { x } = decodeHome(envelope)
        if (x !== undefined && rows.named(x) === -1 && elsewhere(header.home)) gone.set(x, header.home)
      } else if (slot !== -1) {
        if (home < segment.number) fold.add(slot)
      } else if ((header.flags & ENDS) !== 0 && elsewhere(header.home))
        gone.set(formatId(header.high, header.low), header.home)
    }
    await hop(segment, {
      number: segment.number,
      epoch: segment.epoch,
      frame: (at, _end, header, envelope) => (header.type === PAD ? undefined : look(at, header, envelope)),
      gap: () => undefined,
      breathe: (bytes) => this.#pace(bytes),
    })
    return free ? { move, fold, gone } : undefined
  }
  async #pace(bytes: number): Promise<void> {
    this.#bytes += bytes
    const ahead = (this.#bytes / this.#o.rate) * 1000 - (performance.now() - this.#began)
    await new Promise((resolve) => (ahead > 1 && !this.#stopped ? setTimeout(resolve, ahead) : setImmediate(resolve)))
    // what is begun is finished when commits are quick again
    while (this.#mustWait()) {
      if (this.#stopped || this.#journal.writer.fault) throw new Busy()
      await new Promise((resolve) => setTimeout(resolve, WAIT))
    }
  }
  /** A record that comes between makes what was read old. */
  async #again(what: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < TRIES && !this.#stopped; i++) if (await what()) return
    throw new Busy()
  }

  async #move(slot: number, from: Segment): Promise<boolean> {
    const { rows, writer } = this.#journal
    if (!rows.has(slot, LIVE) || rows.segment(slot) !== from.number) return true
    const read = await this.#read(slot)
    // from here on nothing is waited for until it is written
    if (!read || rows.watched !== slot) return false
    const { stored, recipients } = read
    const { data, fixed, payload } = stored
    const home = { e: data.e, f: data.f, s: foldOf(rows, slot, toldOf(outcomesOf(recipients))) }
    encodeHome(writer.batch, STATE, slot, home, recipients.map(seedOf), fixed, [payload])
    rows.watched = -1
    writer.added(false)
    await this.#pace(HEADER + payload.length)
    return true
  }
  async #fold(slot: number, from: Segment): Promise<boolean> {
    const { rows, reader, writer } = this.#journal
    if (!rows.has(slot, LIVE) || rows.segment(slot) >= from.number) return true
    await writer.written()
    for await (const { header, place } of reader.chain(slot)) {
      if (place.segment <= from.number) break
      // all of it has been told again since
      if (header.type === FOLD || header.type === STATE) return true
    }
    const read = await this.#read(slot, false)
    if (!read || rows.watched !== slot) return false
    const { stored, recipients } = read
    const first = stored.fixed.recipients
    const children = recipients.slice(first).map(seedOf)
    const json = JSON.stringify(foldOf(rows, slot, toldOf(outcomesOf(recipients))))
    writer.batch.list(FOLD, slot, { parent: 0, first, count: children.length }, json, children)
    rows.watched = -1
    writer.added(false)
    await this.#pace(json.length)
    return true
  }
  /** `undefined`: something was recorded meanwhile. */
  async #read(slot: number, whole = true): Promise<Read | undefined> {
    const { rows, reader, recipients, writer } = this.#journal
    // what takes its place is on its way: a copy behind that would bring it back
    if (rows.leaving.has(slot)) await writer.flush()
    rows.watched = slot
    await writer.written()
    const basis = recipients.basis(slot)
    const isSame = () => rows.watched === slot && rows.has(slot, LIVE) && !rows.leaving.has(slot)
    if (!isSame()) return undefined
    const stored = whole ? await reader.copy(slot) : await reader.outline(slot)
    if (!isSame()) return undefined
    const chosen = await recipients.choose(slot, seedsIn(stored.envelope, stored.fixed.recipients), undefined)
    // something it had to tell went with a segment while it was read
    if (!isSame() || (chosen.lacks !== 'nothing' && recipients.basis(slot) !== basis)) return undefined
    if (chosen.lacks === 'recipients') throw new BodyDamaged(`${rows.id(slot)}: recipients are missing`)
    return { stored, recipients: chosen.recipients }
  }
  #bury(id: string, home: number): void {
    const { rows, writer, folder } = this.#journal
    if (rows.named(id) !== -1 || !folder.segments.has(home)) return
    const slot = rows.make({ high: highHalf(id), low: lowHalf(id), created: 0, size: 0, recipients: 1 })
    rows.setHome(slot, home, 0, 0)
    const { batch } = writer
    batch.json(ABORT, slot, {}, true)
    batch.freed.push(slot)
    writer.added(false)
  }
}
interface Read {
  readonly stored: Outline
  readonly recipients: readonly StoredRecipient[]
}
const seedOf = ({ n: _n, state: _s, esc: _e, text: _t, parent, ...seed }: StoredRecipient): Seed =>
  parent === undefined ? seed : { ...seed, p: parent }
const outcomesOf = (recipients: readonly StoredRecipient[]): OutcomeRecord[] =>
  recipients.flatMap(({ n, state, esc, text }) =>
    esc === undefined || state === 'expanded'
      ? []
      : [{ n, state: state === 'pending' ? 'deferred' : state, esc, text: text ?? '' }],
  )
