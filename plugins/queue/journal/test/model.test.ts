/**
 * Random operations against a model in memory, many at a time, with restarts at random points: clean, killed, and without
 * what was not synced. What is recorded is never taken back. Order of disk and timers is part of the seed (world.ts).
 * MODEL_OPERATIONS, SEED: how many, which. FAULTS: share of syncs that fail. NAIVE: with a rule for dropping segments that is wrong (a segment goes when its
 * own messages are gone), and without compaction, which hides it: the model must see it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { randomInt } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Model } from './model.ts'
import { World } from './world.ts'

const OPERATIONS = Number(process.env['MODEL_OPERATIONS'] ?? 5000)
const SEED = Number(process.env['SEED'] ?? randomInt(2 ** 32))
const FAULTS = Number(process.env['FAULTS'] ?? 0)
const NAIVE = process.env['NAIVE'] !== undefined
const COMPACT = { age: 0, rate: 1e9, patience: Infinity, every: 0 }

test(`the queue equals the model after each restart (SEED=${SEED} MODEL_OPERATIONS=${OPERATIONS})`, async () => {
  if (NAIVE) {
    const { Segment } = (await import(new URL('../dist/segment.js', import.meta.url).href)) as {
      Segment: { prototype: { refer(home: number): void } }
    }
    Segment.prototype.refer = () => undefined
  }
  const world = new World(SEED, FAULTS)
  const journal = { checkpointBytes: 512 * 1024, ...(!NAIVE && { compact: COMPACT }) }
  const model = new Model(world, { naive: NAIVE, journal, kills: 0.6, cuts: 0.5 })
  world.begin()
  try {
    await model.start()
    for (let i = 0; i < OPERATIONS; i++) await model.operation()
    await model.stop()
  } finally {
    world.end()
  }
  const { counts } = model
  counts.segments = model.events.reduce(
    (sum, { event, fields }) => sum + (event === 'queue.compacted' ? Number(fields['segments']) : 0),
    0,
  )
  console.log(`turns ${world.turn}, trace ${world.trace}, at most ${model.tallest} segments,`, JSON.stringify(counts))
  assert.ok(counts.restarts > OPERATIONS / 10_000, `${counts.restarts} restarts`)
  // what failed is not compacted
  assert.ok(FAULTS > 0 || model.tallest < 40, `segments go when nothing in them is needed: ${model.tallest} at most`)
})
if (!NAIVE && FAULTS === 0 && process.env['MODEL_OPERATIONS'] === undefined)
  test('it sees a segment that goes too early', () => {
    const file = fileURLToPath(import.meta.url)
    const env = { ...process.env, NAIVE: '1', SEED: '7', MODEL_OPERATIONS: '4000' }
    const run = spawnSync(process.execPath, ['--import', 'tsx', file], { env })
    assert.is(run.status, 1)
    assert.match(run.stdout.toString(), /the messages in the queue|is there|recipients (of|are missing)/)
  })
test.run()
