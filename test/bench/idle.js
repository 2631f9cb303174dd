/** What a connection costs that has said EHLO and nothing since: PSS of the process tree before and with them. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { freePort, unlimited } from './load.js'
import { memoryOfTree } from './memory.js'
import { table } from './table.js'
import { teamsFor } from './teams.js'

const CLIENT = fileURLToPath(new URL('idle-client.js', import.meta.url))
/** Postfix has a process for each: a thousand are 1.2 GiB */
const POSTFIX_MOST = 200
const SETTLE = 2000

export async function idle(o) {
  const results = []
  for (const mta of await teamsFor(o.mtas, o.room, {
    workload: 'discard',
    idle: POSTFIX_MOST,
    sessions: o.idle + 10,
  })) {
    const wanted = mta.name === 'postfix' ? Math.min(o.idle, POSTFIX_MOST) : o.idle
    const port = await freePort()
    const pid = await mta.start(port)
    try {
      await pause(SETTLE)
      const before = memoryOfTree(pid)
      const { count, why, close } = await hold(port, wanted)
      await pause(SETTLE)
      const after = memoryOfTree(pid)
      await close()
      results.push({
        mta: mta.name,
        wanted,
        open: count,
        why,
        before,
        after,
        kibEach: ((after.mib - before.mib) * 1024) / count,
      })
    } finally {
      await mta.stop()
    }
  }
  return results
}
const pause = (ms) => new Promise((r) => setTimeout(r, ms))

async function hold(port, count) {
  const child = spawn(...unlimited(process.execPath, [CLIENT, port, count].map(String)), {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const gone = new Promise((r) => child.once('close', r))
  const line = await new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (d) => (text += d).includes('\n') && resolve(text.trim()))
    child.once('error', reject)
    gone.then(() => reject(new Error('the client ended early')))
  })
  const [, opened, why] = /^open (\d+) ?(.*)$/.exec(line)
  const close = async () => {
    child.stdin.end()
    await gone
  }
  return { count: Number(opened), why, close }
}
export function idleTable(results) {
  const mib = (m) => `${m.mib.toFixed(1)} (${m.processes})`
  const rows = results.map((r) => [r.mta, r.wanted, r.open, mib(r.before), mib(r.after), r.kibEach.toFixed(1), r.why])
  return `${table(['MTA', 'wanted', 'open', 'PSS MiB without (processes)', 'with', 'KiB each', ''], rows)}
Kernel memory of the sockets is not in it. Postfix has one smtpd a connection: measured with ${POSTFIX_MOST} at most.`
}
