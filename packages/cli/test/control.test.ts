/** The owner's control socket is what keeps a second daemon off the spool. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Logger } from '@postern/core'
import { ControlServer } from '../src/control/server.ts'

const DIES = "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))"
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('of two that start at once over a dead one, one gets the spool, the other is told', async () => {
  for (let round = 0; round < 40; round++) {
    const spool = mkdtempSync(path.join(tmpdir(), 'postern-control-'))
    try {
      spawnSync(process.execPath, ['-e', DIES, path.join(spool, 'control')])
      const open = async (late: number) => {
        for (let turns = 0; turns < late; turns++) await turn()
        const answer = () => Promise.resolve({ pid: 7 })
        const doors = { owner: answer, everybody: answer }
        return ControlServer.open(
          spool,
          doors,
          (error) => ({ text: String(error), exit: 1 }),
          () => ({}) as Logger,
        )
      }
      const both = await Promise.allSettled([open(0), open(round % 8)])
      const servers = both.flatMap((b) => (b.status === 'fulfilled' ? [b.value] : []))
      const told = both.flatMap((b) => (b.status === 'rejected' ? [(b.reason as Error).message] : []))
      const names = readdirSync(spool).sort()
      await Promise.all(servers.map((server) => server.close()))
      assert.is(servers.length, 1)
      assert.match(told[0]!, /^a postern is running on .* already \(pid 7\)/)
      assert.equal(names, ['control', 'control.public'])
    } finally {
      rmSync(spool, { recursive: true })
    }
  }
})
test.run()
