/** What the daemon's starter had open does not reach the workers. */
import * as fs from 'node:fs'
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { Load } from './support/load.ts'
import { lives, onSite, until } from './support/site.ts'
import type { Site } from './support/site.ts'

/** Leaves a file open in its place, and beyond gaps: Node closes at exec what is below the first gap alone. */
const LEAKY = `open(my $f, ">", shift) or die; POSIX::dup2(fileno($f), $_) for 20, 77, 200; exec @ARGV`
const openIn = (pid: number): string[] =>
  fs.readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return ''
    }
  })
const leaky = (site: Site, work: () => Promise<void>) => {
  site.via = ['perl', '-MPOSIX', '-e', LEAKY, site.file('left-open')]
  return work().finally(() => (site.via = []))
}
const linux = process.platform === 'linux' ? test : test.skip
for (const how of ['detached', 'in the foreground'])
  linux(
    `started ${how}: neither the primary nor a worker has it, the next worker neither`,
    onSite(async (site) => {
      await site.config()
      await leaky(site, async () => {
        if (how === 'detached') return void (await site.start('--workers', '2'))
        const child = site.spawn('start', '--foreground', '--workers', '2')
        // the test sees what it looks for: the daemon begins with it
        await until('its own', () => openIn(child.pid!).includes(site.file('left-open')))
        await until('two workers', async () => (await site.run('status')).code === 0)
      })
      const ready = async () => (await site.status()).workers.filter((w) => w.state === 'running')
      await until('two workers', async () => (await ready()).length === 2)
      const { pid, workers } = await site.status()
      process.kill(workers[1]!.pid, 'SIGKILL')
      await until('another one', async () => {
        const now = await ready()
        return now.length === 2 && !lives(workers[1]!.pid)
      })
      const all = [pid, ...(await ready()).map((w) => w.pid)]
      assert.is(all.length, 3)
      for (const one of all) assert.not(openIn(one).includes(site.file('left-open')), String(one))
      // what they need is there: their sockets and channels
      const { accepted } = await new Load(site.port).start(2).end()
      await until('delivery', async () => (await site.delivered()).length === accepted.length)
      assert.is((await site.run('stop')).code, 0)
    }),
  )
test.run()
