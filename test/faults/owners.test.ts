/** Two daemons on one spool: the second refuses or waits. Never do two processes write. */
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep, startProcess } from '@postern/testkit'
import { testWith } from './support/needs.ts'
import { progress, times } from './support/report.ts'
import { running } from './support/running.ts'
import { site } from './support/site.ts'
import type { RunningOptions } from './support/running.ts'

/** Processes that have a segment of this spool open for writing. */
function writersOf(spool: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readdirSync(`/proc/${pid}/fd`).some((fd) => {
          if (!readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(`${spool}/journal/`)) return false
          const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0'
          return (parseInt(flags, 8) & 3) !== 0 && /seg\/\d+$/.test(readlinkSync(`/proc/${pid}/fd/${fd}`))
        })
      } catch {
        // it ended meanwhile
        return false
      }
    })
}
const withSpool = async (work: (spool: string, o: RunningOptions) => Promise<void>) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-owners-'))
  try {
    await work(join(folder, 'spool'), { spool: join(folder, 'spool') })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const linux = testWith('flock')

linux('a second daemon refuses; one that is stopped keeps its queue', () =>
  withSpool((spool, o) =>
    running(o, async (r) => {
      const config = site({ spool, sink: r.sink.port })
      for (const signal of ['SIGCONT', 'SIGSTOP'] as const) {
        const load = r.load()
        await r.acknowledged(20)
        process.kill(r.mta.pid, signal)
        const second = await startProcess(config, { timeout: 5000 }).then(
          async (mta) => {
            await mta.remove()
            return 'started'
          },
          (error: Error) => error.message,
        )
        assert.is(writersOf(spool).length, 1)
        process.kill(r.mta.pid, 'SIGCONT')
        // a control socket that does not answer is waited for; one that answers names the owner
        progress(`${signal}: ${second.split('\n').slice(0, 2).join(' ')}`)
        assert.match(second, /own|lock|running|in use|not seen within/i)
        await load.stop()
      }
      await r.judge('owners: a second daemon', 2)
      assert.is(await r.mta.stop(), 0)
    }),
  ),
)
linux('kill -9, and the next one at once', () =>
  withSpool((spool, o) =>
    running(o, async (r) => {
      const rounds = times(3, 20)
      let most = 0
      const watch = setInterval(() => (most = Math.max(most, writersOf(spool).length)), 20)
      for (let n = 0; n < rounds; n++) {
        const load = r.load()
        await r.acknowledged(20)
        r.endings.push({ kind: 'kill', at: Date.now() })
        const gone = r.mta.kill()
        // not waited for: the lock goes with the process, the ports too
        await r.mta.start().catch((error: Error) => progress(`refused: ${error.message.slice(0, 200)}`))
        await Promise.all([gone, load.ended])
        try {
          process.kill(r.mta.pid, 0)
        } catch {
          await r.mta.start()
        }
        await sleep(100)
      }
      clearInterval(watch)
      // the port that answered may have been the dying one's: a signal to one that has only begun would just end it
      await r.takesMail()
      assert.ok(most <= 1, `${most} processes wrote at a time`)
      await r.judge('owners: kill -9 and start at once', rounds)
      const code = await r.mta.stop()
      assert.is(code, 0, `ended with ${code}:\n${r.mta.output.slice(-2000)}`)
    }),
  ),
)
test.run()
