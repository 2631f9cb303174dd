/** A message that ends the process of whoever touches it: after three such ends it is held, everything else is delivered. */
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep } from '@postern/testkit'
import { queueOf } from './support/accounting.ts'
import { FULL } from './support/report.ts'
import { running } from './support/running.ts'

const POISON = fileURLToPath(new URL('plugins/poison.js', import.meta.url))
const LATER = () => '450 4.2.0 later'
const OK = () => '250 2.0.0 Ok'

const NEVER = ''

for (const [where, after] of [
  ['during its delivery', 100],
  ['in a tap, before its delivery', 0],
] as const) {
  const name = `poison: the process ends ${where}`
  // the second costs as much time as the first and says the same of the journal
  if (FULL || after > 0) test(name, () => poisoned(name, after))
}

async function poisoned(name: string, after: number): Promise<void> {
  await running({ plugins: [{ [POISON]: { localpart: 'poison', after } }], policy: LATER }, async (r) => {
    const count = FULL ? 400 : 100
    await r.load({ sessions: 4, count: count / 4 }).ended
    assert.is(r.acks.all.size, count)
    r.sink.policy = (token) => (token === 'poison' ? NEVER : OK())
    const d = await r.mta.dialogue()
    const text = 'X-Token: poison\nSubject: x\n\ny\n'
    const replies = await d.message({ from: 'a@b.example', to: 'poison@far.example', text }).catch(() => [])
    const id = /queued as (\S+)/.exec(replies.at(-1) ?? '')?.[1]
    await d.close()
    let ends = 0
    for (; ends < 6; ends++) {
      // where there is a primary it replaces the process; here it ends, and is started again
      const limit = Date.now() + 4000
      while (alive(r.mta.pid) && Date.now() < limit) await sleep(20)
      if (alive(r.mta.pid)) break
      r.endings.push({ kind: 'kill', at: Date.now() })
      await r.mta.kill()
      await r.mta.start().catch(() => undefined)
    }
    assert.ok(ends >= 1, 'the poison did nothing')
    assert.ok(ends <= 4, `${ends} ends of the process, and no end of it`)
    const held = (await queueOf(r.mta)).filter((m) => m.held)
    assert.is(held.length, 1, `${held.length} held`)
    if (id) assert.is(held[0]!.id, id)
    assert.match(JSON.stringify(held[0]!.held), 'crash')
    await r.judge(name, ends, `held after ${ends} ends of the process`)
    assert.is(await r.mta.stop(), 0)
  })
}
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
test.run()
