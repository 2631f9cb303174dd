/**
 * A journal under load from its first moment on, while what it held is still being found: `lives-child.js FOLDER SEED SEGMENT`
 *   +ID   commit acknowledged
 *   -ID   about to be ended, lazily or not: it may be there or not
 *   =ID   its end is durable: it may not come back
 *   .     the old mail has been found
 *   !     the disk is full: new mail was refused
 */
import { writeSync } from 'node:fs'
import { commit, smallJournal } from './store-steps.js'

const [path, seed, segment] = process.argv.slice(2)
let state = Number(seed) >>> 0
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return (state >>> 8) / 2 ** 24
}
// at once, or not before it is read: process.stdout keeps what finds no room in a full pipe, and a kill takes it
const tell = (line) => void writeSync(1, line + '\n')
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
// a life has seconds: what waits ten minutes elsewhere is compacted at once, or the small disk fills with segments of one message each
const compact = { age: 0, rate: 64 * 1024 * 1024, patience: 1000, every: 500 }
const store = smallJournal(path, { segmentSize: Number(segment), bodyThreshold: 64 * 1024, compact })
/** from former lives */
const old = []
/** deferred in this life */
const deferred = []
const told = (state) => ({ n: 0, state, esc: state === 'delivered' ? '2.0.0' : '4.2.0', text: 'x'.repeat(50) })

/** Ends in two of five cases, seldom with a sync; else it is deferred, or this life ends before its answer. */
async function attempt(id, attempts) {
  store.attempt(id, [0], attempts)
  await pause(next() * 20)
  const luck = Math.floor(next() * 20)
  if (luck === 0) return
  if (luck > 8) {
    deferred.push(id)
    return void store.outcome(id, [told('deferred')], { nextTry: Date.now() + 1000 })
  }
  tell(`-${id}`)
  if (luck < 7) return void store.outcome(id, [told('delivered')])
  await store.outcome(id, [told('delivered')], { durable: true })
  tell(`=${id}`)
}
/** The disk is small: where more is deferred than it holds, new mail is refused until some has ended. */
function refused(error) {
  if (![error, error.cause].some((one) => one?.code === 'ENOSPC')) throw error
  tell('!')
  return undefined
}
/** A few at a time: what is told at once must fit into the two segments that are kept for it. */
async function makeRoom() {
  for (const id of [...deferred.splice(0, 5), ...old.splice(0, 5)]) {
    tell(`-${id}`)
    store.outcome(id, [told('delivered')])
  }
  await pause(100)
}
async function writer() {
  for (;;) {
    const size = next() < 0.05 ? 100_000 : 1500
    const id = await commit(store, Buffer.alloc(size, 'x')).catch(refused)
    if (id === undefined) {
      await makeRoom()
      continue
    }
    tell(`+${id}`)
    void attempt(id, 1)
    for (let n = 0; n < 4 && old.length > 0; n++) await attempt(old.shift(), 2)
  }
}
const { done } = await store.start(({ id }) => old.push(id))
const writers = Array.from({ length: 8 }, writer)
await done
tell('.')
await Promise.all(writers)
