/** Commits per second and CPU per commit for 1, 10 and 50 writers, 4 KiB messages: `node --import tsx test/bench.ts [seconds]`. */
import { bodyOf, message, started, temporary } from './helper.ts'

const seconds = Number(process.argv[2] ?? 3)
const body = Buffer.alloc(3600, 'x')

for (const writers of [1, 10, 50]) {
  for (const relay of [false, true]) {
    const store = await started(temporary(), { segmentSize: 64 * 1024 * 1024, bodyThreshold: 256 * 1024 })
    let commits = 0
    const end = performance.now() + seconds * 1000
    const writer = async () => {
      while (performance.now() < end) {
        const made = await message(store, '', undefined, { body: await bodyOf(store, body) })
        await store.commit(made)
        commits++
        if (!relay) continue
        store.attempt(made.id, [0], 1)
        await store.load(made.id)
        void store.outcome(made.id, [{ n: 0, state: 'delivered', esc: '2.0.0', text: '250 2.0.0 Ok' }])
      }
    }
    const before = process.cpuUsage()
    const began = performance.now()
    await Promise.all(Array.from({ length: writers }, writer))
    const took = (performance.now() - began) / 1000
    const { user, system } = process.cpuUsage(before)
    const what = relay ? 'commit, attempt, load, outcome' : 'commit'
    console.log(
      `${writers} writers, ${what}: ${Math.round(commits / took)}/s, ${((user + system) / commits).toFixed(1)} us CPU each`,
    )
    await store.stop()
  }
}
