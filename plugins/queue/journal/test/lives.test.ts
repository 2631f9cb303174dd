/**
 * Lives that end before the old mail has been found: mail comes, is tried and ends meanwhile, then the power goes in the middle of it
 * all. In one life of some all is found, segments go, and the power goes again. Nothing acknowledged may be missing from what a cut
 * leaves, nothing that ended durably may be back. Order of disk and timers is part of the seed (world.ts).
 * LIVES, SEED: how many, which. FINDS: one life of so many finds its old mail. WORST=1: each cut takes all that was not synced. NAIVE=1: segments go while it is still being found; the
 * test must see it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readQueue } from '@postern/queue-journal'
import { message, bodyOf, store as storeOf, temporary } from './helper.ts'
import { World } from './world.ts'
import type { JournalStore } from '@postern/queue-journal'
import type { LogEvent } from './helper.ts'

const LIVES = Number(process.env['LIVES'] ?? 25)
const SEED = Number(process.env['SEED'] ?? randomInt(2 ** 32))
const FINDS = Number(process.env['FINDS'] ?? 10)
const NAIVE = process.env['NAIVE'] === '1'
const WORST = process.env['WORST'] !== undefined
const WRITERS = 8
/** turns that a life takes at most; one that finds its old mail goes on for as long again */
const LONGEST = 400
/** turns that a read takes at most, where the old mail is found and where it is not */
const QUICK = 20
const SLOW = 3000
const SEEDS = [1, 2, 3, 4]

const pause = (turns: number) => new Promise((resolve) => setTimeout(resolve, turns))

/** What was promised of a message. */
interface Promised {
  /** its end has been asked for: it may be there or not */
  ending: boolean
  /** its end was durable */
  ended: boolean
}
class Lives {
  readonly world: World
  readonly counts = { lives: 0, found: 0, acknowledged: 0, ended: 0, dropped: 0, most: 0 }
  readonly events: LogEvent[] = []
  readonly #promised = new Map<string, Promised>()
  #path = temporary()
  #store!: JournalStore
  /** what happens from here on is of no life */
  #over = false
  #failed: Error | undefined

  constructor(seed: number) {
    this.world = new World(seed)
  }
  #pick(n: number): number {
    return this.world.pick(n)
  }
  /** One life, and the look at what it left. `worst`: nothing that was not synced stays. */
  async life(finds: boolean, worst: boolean): Promise<void> {
    const { io } = this.world
    this.world.reads = finds ? QUICK : SLOW
    const options = { io, now: () => this.world.now, compact: false as const }
    this.#store = storeOf(this.#path, options, this.events)
    const old: string[] = []
    this.#over = false
    const before = this.#numbers()
    const { done } = await this.#store.start(({ id }) => void old.push(id))
    let found = false
    const finding = done.then(
      () => (found = true),
      (error: Error) => (this.#failed ??= error),
    )
    const work = Array.from({ length: WRITERS }, () => this.#mail(old))
    if (finds) await finding
    await pause(1 + this.#pick(LONGEST))
    const copy = this.world.copy(this.#path, true, worst ? 1 : 0.5)
    this.#over = true
    this.world.reads = QUICK
    this.counts.lives++
    if (found) this.counts.found++
    const left = new Set(this.#numbers())
    this.counts.dropped += before.filter((name) => !left.has(name)).length
    this.counts.most = Math.max(this.counts.most, left.size)
    await Promise.all(work)
    await this.#store.stop()
    if (this.#failed) throw this.#failed
    fs.rmSync(this.#path, { recursive: true })
    this.#path = copy
    await this.#look()
  }
  #numbers(): string[] {
    const all = fs.readdirSync(this.#path, { recursive: true }) as string[]
    return all.filter((name) => /seg\/\d+$/.test(name))
  }
  /** Mail one after the other, as fast as it is taken; between, what an earlier life left is tried. */
  async #mail(old: string[]): Promise<void> {
    try {
      while (!this.#over) {
        const size = this.#pick(100) < 3 ? 9000 : this.#pick(900)
        const body = await bodyOf(this.#store, Buffer.alloc(size, 'x'))
        const made = await message(this.#store, '', undefined, { body })
        await this.#store.commit(made)
        if (this.#over) return
        this.counts.acknowledged++
        this.#promised.set(made.id, { ending: false, ended: false })
        await this.#try(made.id, 1)
        for (let n = 0; n < 3 && old.length > 0; n++) await this.#try(old.shift()!, 2)
      }
    } catch (error) {
      if (!this.#over) this.#failed ??= error as Error
    }
  }
  /** Delivered in two of five cases, most of them without waiting for the sync; else deferred, or not answered in this life. */
  async #try(id: string, attempts: number): Promise<void> {
    const promised = this.#promised.get(id)
    if (this.#over || !promised || promised.ending) return
    this.#store.attempt(id, [0], attempts)
    await pause(1 + this.#pick(15))
    const luck = this.#pick(20)
    if (this.#over || luck === 0) return
    if (luck > 8) {
      void this.#store.outcome(id, [{ n: 0, state: 'deferred', esc: '4.2.0', text: 'later' }], {
        nextTry: this.world.now + 50,
      })
      return
    }
    promised.ending = true
    const durable = luck > 6
    const done = this.#store.outcome(id, [{ n: 0, state: 'delivered', esc: '2.0.0', text: 'taken' }], { durable })
    if (!durable) return
    await done
    if (this.#over) return
    promised.ended = true
    this.counts.ended++
  }
  async #look(): Promise<void> {
    const problems: string[] = []
    const there = new Set<string>()
    for await (const { id } of readQueue(this.#path, problems)) there.add(id)
    const [lost, back] = [[] as string[], [] as string[]]
    for (const [id, promised] of this.#promised) {
      if (there.has(id)) {
        if (promised.ended) back.push(id)
        promised.ending = false
        continue
      }
      if (!promised.ending) lost.push(id)
      // what has ended durably may not come back in any later life
      if (!promised.ended) this.#promised.delete(id)
    }
    const when = `after life ${this.counts.lives} of SEED=${SEED}`
    assert.equal(lost, [], `acknowledged and gone ${when}`)
    assert.equal(back, [], `ended and back ${when}`)
    assert.equal(problems, [], `problems ${when}`)
  }
}

test(`lives that end before the old mail is found (SEED=${SEED} LIVES=${LIVES})`, async () => {
  if (NAIVE) {
    const { SegmentFolder } = (await import(new URL('../dist/folder.js', import.meta.url).href)) as {
      SegmentFolder: { prototype: object }
    }
    const { sweep } = SegmentFolder.prototype as { sweep(this: { known: boolean }): Promise<void> }
    Object.assign(SegmentFolder.prototype, {
      sweep(this: { known: boolean }) {
        this.known = true
        return sweep.call(this)
      },
    })
  }
  const lives = new Lives(SEED)
  lives.world.begin()
  try {
    for (let n = 0; n < LIVES; n++) await lives.life(lives.world.pick(FINDS) === 0, WORST || lives.world.pick(2) === 0)
  } finally {
    lives.world.end()
  }
  console.log(`turns ${lives.world.turn}, trace ${lives.world.trace},`, JSON.stringify(lives.counts))
  assert.equal(
    lives.events.filter(({ event }) => /damaged|Missing|Failed/.test(event)),
    [],
  )
})
if (!NAIVE && process.env['LIVES'] === undefined)
  test('it sees segments that go while the old mail is being found', () => {
    for (const seed of SEEDS) {
      const env = { ...process.env, NAIVE: '1', SEED: String(seed), LIVES: '60' }
      const run = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url)], {
        env,
        encoding: 'utf8',
      })
      if (run.status === 0) continue
      assert.match(run.stdout + run.stderr, /acknowledged and gone|ended and back|is gone|EBADF/)
      return
    }
    assert.unreachable('nobody sees the wrong rule')
  })
test.run()
