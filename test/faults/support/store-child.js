/**
 * Works a journal through all its steps (commits small and large, rolls, outcomes, drops, compaction, the last checkpoint) and tells on stdout what was
 * promised, before going on: `store-child.js FOLDER SEED MESSAGES`
 *   +ID LETTER SIZE   commit acknowledged; the body is SIZE times LETTER
 *   -ID               about to be ended, lazily or not: it may be there or not
 *   =ID               its end is durable: it may not come back
 *   .                 the end
 */
import { writeSync } from 'node:fs'
import { commit, smallJournal } from './store-steps.js'

const [path, seed, messages] = process.argv.slice(2)
let state = Number(seed) >>> 0
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return (state >>> 8) / 2 ** 24
}
// at once, or not before it is read: process.stdout keeps what finds no room in a full pipe, and a kill takes it
const tell = (line) => void writeSync(1, line + '\n')
const store = smallJournal(path, { compact: { age: 0, rate: 1e9, patience: Infinity } })
const settled = (state) => ({ n: 0, state, esc: state === 'delivered' ? '2.0.0' : '4.2.0', text: 'x'.repeat(50) })

async function receive() {
  const letter = 'abcdefghij'[Math.floor(next() * 10)]
  const size = next() < 0.1 ? 9000 + Math.floor(next() * 20_000) : Math.floor(next() * 3000)
  const id = await commit(store, Buffer.alloc(size, letter))
  tell(`+${id} ${letter} ${size}`)
  return id
}
async function end(id) {
  tell(`-${id}`)
  store.attempt(id, [0], 1)
  if (next() < 0.5) store.outcome(id, [settled('delivered')])
  else {
    await store.outcome(id, [settled('delivered')], { durable: true })
    tell(`=${id}`)
  }
}
async function writer(old) {
  for (let i = 0; i < Number(messages) / 4; i++) {
    const id = await receive()
    if (next() < 0.3) {
      store.attempt(id, [0], 1)
      await store.outcome(id, [settled('deferred')], { nextTry: Date.now() + 60_000 })
    }
    if (next() < 0.6) await end(id)
    if (i % 8 === 7) void store.compact()
    // what a former life left is ended now: records that speak of other segments
    if (old.length > 0 && next() < 0.7) await end(old.shift())
  }
}
const old = []
await (
  await store.start((row) => old.push(row.id))
).done
await Promise.all(Array.from({ length: 4 }, () => writer(old)))
await store.stop()
tell('.')
