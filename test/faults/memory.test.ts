/**
 * Out of memory: a message whose delivery eats the heap of its worker. V8 ends the process, the primary starts another one; after
 * three such ends the message is held, everything else is delivered, and the other worker never noticed.
 */
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { until } from '@postern/testkit'
import { queueOf } from './support/accounting.ts'
import { times } from './support/report.ts'
import { running } from './support/running.ts'
import type { Running } from './support/running.ts'

const HOG = fileURLToPath(new URL('plugins/hog.js', import.meta.url))
const LATER = () => '450 4.2.0 later'
const OK = () => '250 2.0.0 Ok'
/** the sink never answers about it, so that its attempt has no outcome when the process ends */
const NEVER = ''
/** ms from the last that a worker does for other mail to the primary's word of its end, on a busy machine */
const STOOD = 1500

const deaths = (r: Running) =>
  r.mta.log.filter((e) => e.event === 'worker.died' && String(e.fields.cause).includes('SIGABRT'))

test('a message that eats the heap: held after three ends of its worker, the others delivered', () =>
  running(
    {
      env: { POSTERN_WORKERS: '2', NODE_OPTIONS: '--max-old-space-size=64' },
      plugins: [{ [HOG]: { localpart: 'hog' } }],
      policy: LATER,
    },
    async (r) => {
      const count = times(100, 1000)
      await r.load({ sessions: 4, count: count / 4 }).ended
      assert.is(r.acks.all.size, count)
      r.sink.policy = (token) => (token === 'hog' ? NEVER : OK())
      const d = await r.mta.dialogue()
      const text = 'X-Token: hog\nSubject: x\n\ny\n'
      await d.message({ from: 'a@b.example', to: 'hog@far.example', text }).catch(() => [])
      await d.close()
      const held = async () => (await queueOf(r.mta).catch(() => [])).filter((m) => m.held)
      await until('the message to be held', async () => (await held()).length > 0, 60_000)
      const found = await held()
      assert.is(found.length, 1, `${found.length} held`)
      assert.match(JSON.stringify(found[0]!.held), 'crash')
      // the moment is the primary's: before it the collector has nearly all of the time, then V8 writes its last words
      for (const e of deaths(r)) r.endings.push({ kind: 'kill', at: Date.parse(String(e.fields.time)), stood: STOOD })
      assert.is(deaths(r).length, 3, JSON.stringify(r.mta.log.filter((e) => e.event.startsWith('worker.'))))
      await r.takesMail()
      await r.judge('memory: heap out of memory', 3, 'held after 3 ends of its worker')
      assert.is(await r.mta.stop(), 0)
    },
  ))
test.run()
