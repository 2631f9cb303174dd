/** The wall clock jumps: 30 days ahead, an hour back, while the daemon runs and while it is down. No mail ends early. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep, tempFolder, until } from '@postern/testkit'
import { testWith } from './support/needs.ts'
import { running } from './support/running.ts'

const LATER = () => '450 4.2.0 later'
const OK = () => '250 2.0.0 Ok'
const COUNT = 40

for (const jump of ['+30d', '-1h'])
  for (const when of ['while it runs', 'while it is down'] as const)
    testWith('faketime')(`the clock jumps ${jump} ${when}`, async () => {
      const folder = await tempFolder('postern-clock')
      const clock = join(folder.path, 'clock')
      writeFileSync(clock, '+0')
      const library = execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim()
      const env = {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: '1',
        DONT_FAKE_MONOTONIC: '1',
      }
      try {
        await running({ env, policy: LATER }, async (r) => {
          await r.load({ sessions: 4, count: COUNT / 4 }).ended
          assert.is(r.acks.all.size, COUNT)
          await until('a first try of all', () => r.sink.offers.size === COUNT, 20_000)
          if (when === 'while it is down') {
            await sleep(500)
            await r.mta.kill()
            writeFileSync(clock, jump)
            // age cannot tell a jump from time that has passed: the attempt decides, and the attempt succeeds
            r.sink.policy = OK
            await r.mta.start()
          } else {
            writeFileSync(clock, jump)
            const offers = () => [...r.sink.offers.values()].reduce((a, b) => a + b, 0)
            const before = offers()
            await until('two more tries of all', () => offers() >= before + 2 * COUNT, 30_000)
            assert.equal(r.sink.ended, [], 'returned early')
            r.sink.policy = OK
          }
          await until('all to be delivered', () => r.sink.ended.length >= COUNT, 15_000)
          assert.ok(r.sink.ended.every((e) => !e.report))
          await r.judge(`clock: ${jump} ${when}`, 1)
          assert.is(await r.mta.stop(), 0)
        })
      } finally {
        await folder.remove()
      }
    })
test.run()
