/**
 * Power cuts in short lives, most of which end before the old mail has been found; what is not synced is lost, all of it. A journal in a
 * process of its own takes mail from its first moment on; in one life of some the old mail is found, segments go, and the power goes again.
 * Nothing acknowledged may be missing from what a cut leaves, nothing that had ended durably may be back.
 * CUTS, DISK (MiB), SEED: how many, of which disk, which. FINDS: one life of so many finds its old mail.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { readQueue, verifyQueue } from '@postern/queue-journal'
import { random, sleep, tempFolder, until } from '@postern/testkit'
import { Disk } from './disk/disk.ts'
import { testWith } from './support/needs.ts'
import { progress, row, times } from './support/report.ts'

const SEED = Number(process.env.SEED ?? 1)
const CUTS = Number(process.env.CUTS ?? times(6, 200))
const MIB = Number(process.env.DISK ?? times(64, 256))
const FINDS = Number(process.env.FINDS ?? 5)
const KEEP = process.env.KEEP
const CHILD = fileURLToPath(new URL('support/lives-child.js', import.meta.url))
const SLOW_READS = fileURLToPath(new URL('support/slow-reads.cjs', import.meta.url))
/** ms more for each large read of a life that does not find its old mail */
const SLOW = 200
/** share of the lives at whose end this process stands still */
const STILL = 0.2
const SEGMENTS = [64 * 1024, 256 * 1024, 1024 * 1024]

interface Promised {
  readonly life: number
  /** ms since 1970 of the acknowledgement */
  readonly at: number
  /** its end was asked for, at */
  ending?: number | undefined
  ended?: boolean
}
class Lives {
  readonly promised = new Map<string, Promised>()
  readonly cuts: number[] = []
  acknowledged = 0
  found = 0
  /** new mail was refused: the next life finds the old mail, and ends some */
  #full = false
  /** from 0 */
  #life = 0
  readonly #path: string
  readonly #slow: string
  readonly #segment: number
  readonly #next: () => number

  constructor(path: string, slow: string, segment: number, next: () => number) {
    this.#path = path
    this.#slow = slow
    this.#segment = segment
    this.#next = next
  }
  /** Runs the child until some mail has come; `cut`: the power goes. */
  async life(mayFind: boolean, cut: () => void): Promise<void> {
    const finds = mayFind || this.#full
    this.#life = this.cuts.length
    this.#full = false
    fs.writeFileSync(this.#slow, finds ? '0' : String(SLOW))
    const seed = Math.floor(this.#next() * 2 ** 32)
    const args = ['--require', SLOW_READS, CHILD, this.#path, String(seed), String(this.#segment)]
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SLOW_READS: this.#slow },
    })
    let errors = ''
    let found = false
    const before = this.acknowledged
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    const lines = createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === '.') found = true
      else if (line === '!') this.#full = true
      else this.#line(line)
    })
    const ended = Promise.all([once(child, 'close'), once(lines, 'close')])
    const wanted = 1 + this.#next() * 60
    await until(
      'mail to be taken',
      () => {
        if (child.exitCode !== null) throw new Error(`the journal ended: ${errors}`)
        return (this.#full && !finds) || (this.acknowledged - before >= wanted && (found || !finds))
      },
      180_000,
    ).catch(async (error: unknown) => {
      child.kill('SIGKILL')
      // it has files open on the disk that is to be taken away
      await ended
      throw error
    })
    if (finds) await sleep(this.#next() * 400)
    // as on a busy machine: the child goes on meanwhile, with nobody who reads what it tells
    if (this.#next() < STILL) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    cut()
    this.cuts.push(Date.now())
    child.kill('SIGKILL')
    await ended
    if (found) this.found++
  }
  #line(line: string): void {
    const id = line.slice(1)
    if (line.startsWith('+')) {
      this.acknowledged++
      this.promised.set(id, { life: this.#life, at: Date.now() })
    } else {
      const promised = this.promised.get(id)
      if (!promised) return
      if (line.startsWith('-')) promised.ending = Date.now()
      else promised.ended = true
    }
  }
  /** What the cut left: lines about what is gone, what is back, and what cannot be read. */
  async look(): Promise<string[]> {
    const wrong: string[] = []
    const there = new Set<string>()
    for await (const { id } of readQueue(this.#path, wrong)) there.add(id)
    const tell = (what: string, id: string, p: Promised) => {
      const before = this.cuts[p.life]! - p.at
      wrong.push(`${what}: ${id}, acknowledged in life ${p.life + 1}, read ${before} ms before its cut`)
    }
    for (const [id, p] of this.promised) {
      if (there.has(id)) {
        if (p.ended) tell('back', id, p)
        p.ending = undefined
      } else {
        if (p.ending === undefined) tell('gone', id, p)
        if (!p.ended) this.promised.delete(id)
      }
    }
    if (wrong.length > 0)
      for (const { kind, text } of (await verifyQueue(this.#path)).problems) wrong.push(`${kind}: ${text}`)
    return wrong
  }
}

testWith(
  'mount',
  'fuse',
  'loop',
  'ext4',
)('power cuts in lives that end before the old mail is found', async () => {
  const next = random(SEED)
  const disk = await Disk.make(MIB)
  const outside = await tempFolder('postern-lives')
  try {
    const path = join(disk.path, 'journal')
    const lives = new Lives(path, join(outside.path, 'slow'), SEGMENTS[SEED % 3]!, next)
    for (let n = 0; n < CUTS; n++) {
      await lives.life(n % FINDS === FINDS - 1, () => disk.cut())
      disk.revive(Math.floor(next() * 2 ** 32), 0)
      const wrong = await lives.look()
      for (const line of wrong) progress(`after cut ${n + 1}: ${line}`)
      if (wrong.length > 0 && KEEP) fs.cpSync(path, join(KEEP, `lives-${SEED}`), { recursive: true })
      assert.equal(wrong, [], `after cut ${n + 1}`)
      if (n % 50 === 49) progress(`${n + 1} of ${CUTS} cuts, ${lives.acknowledged} acknowledged`)
    }
    row({
      name: 'lives: power cuts before the old mail is found',
      runs: CUTS,
      acknowledged: lives.acknowledged,
      lost: 0,
      explained: 0,
      unexplained: 0,
      note: `in ${lives.found} lives it was found`,
    })
  } finally {
    await disk.remove()
    await outside.remove()
  }
})
test.run()
