/** The embedded durable queue: one journal with group commit. */
import { resolve } from 'node:path'
import { definePlugin, duration, needsRestart, queueStore, size } from '@postern/core'
import { z } from 'zod'
import { JournalStore } from './store.ts'
import type { QueueStore } from '@postern/core'

export { JournalStore } from './store.ts'
export { readQueue } from './offline.ts'
export { verifyQueue } from './verify.ts'
export { ThreadIo } from './threads.ts'
export { systemIo } from './io.ts'
export type { JournalOptions } from './store.ts'
export type { Io, Purpose } from './io.ts'
export type { Verified, VerifyOptions, VerifyProblem } from './verify.ts'

const MIB = 1024 * 1024

export default definePlugin({
  name: 'queue-journal',
  options: z.strictObject({
    path: needsRestart(z.string().default('journal')).describe('folder of the journal; relative to the spool folder'),
    segmentSize: needsRestart(size())
      .default(64 * MIB)
      .refine((n) => n >= 64 * 1024 && n <= 1024 * MIB, 'a segment has 64K to 1G')
      .describe('bytes of one journal file; files are filled with zeros ahead of use'),
    bodyThreshold: needsRestart(size())
      .default(256 * 1024)
      .describe('bodies above this size get files of their own'),
    outcomeSync: needsRestart(z.enum(['lazy', 'always']).default('lazy')).describe(
      'lazy: outcomes are synced with the next commit, at the latest after 200 ms; always: each at once',
    ),
    queueMinfree: needsRestart(size())
      .default(0)
      .describe('refuse new mail below this much free space (452 4.3.1); 0 means 1.5 x messageSizeLimit'),
    crashLimit: needsRestart(z.number().int().min(1).max(15))
      .default(3)
      .describe('crashes in a row during its delivery after which a message is held'),
    threads: needsRestart(z.boolean())
      .default(true)
      .describe('write and sync with two threads of its own; false: with the pool, where others can be in the way'),
    compact: needsRestart(z.boolean().default(true)).describe(
      'write what is left of old files again, packed, so that those can be used again; off: a file stays as long as one message in it',
    ),
    compactAfter: needsRestart(duration())
      .default(600_000)
      .describe('how long a file rests before what is left in it may be moved'),
    compactRate: needsRestart(size())
      .default(20 * MIB)
      .refine((n) => n > 0, 'a rate is above 0')
      .describe('bytes that compaction reads and writes in a second, at most; it waits while commits take over 20 ms'),
  }),
  provides: [queueStore],
  apply(mta, options) {
    const path = resolve(mta.site.spool, options.path)
    const make = () =>
      new JournalStore({
        path,
        segmentSize: options.segmentSize,
        bodyThreshold: options.bodyThreshold,
        outcomeSync: options.outcomeSync,
        minFree: options.queueMinfree || 1.5 * mta.site.messageSizeLimit,
        log: mta.log,
        now: () => mta.clock.now(),
        crashLimit: options.crashLimit,
        threads: options.threads,
        compact: options.compact && { age: options.compactAfter, rate: options.compactRate },
        worker: mta.site.worker,
      })
    // the journal has one owner: a reloaded configuration goes on with the store that is open
    const store = mta.keep(`queue-journal:${path}`, make, (kept) => kept.stop())
    mta.provide(queueStore, behind(store))
  },
})

/** The store is made when it is first used, not in apply. */
const behind = (store: () => QueueStore): QueueStore => ({
  start: (row) => store().start(row),
  newId: () => store().newId(),
  body: (bytes) => store().body(bytes),
  commit: (message) => store().commit(message),
  load: (id, options) => store().load(id, options),
  attempt: (id, recipients, attempts) => store().attempt(id, recipients, attempts),
  written: (id) => store().written?.(id),
  outcome: (id, records, options) => store().outcome(id, records, options),
  expand: (id, parent, children) => store().expand(id, parent, children),
  admin: (id, record) => store().admin(id, record),
  requeue: (id, who) => store().requeue(id, who),
  list: (filter) => store().list(filter),
  history: (id) => store().history(id),
  health: () => store().health(),
  stop: () => store().stop(),
})
