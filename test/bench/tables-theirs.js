/** The same keys asked of Postfix: `postmap -q -`, its start taken off. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const POSTMAP = '/usr/sbin/postmap'
export const theirVersion = () => existsSync(POSTMAP)

/** Answers {perSecond, mib, found}; rejects when it fails. */
export async function theirs(table, keys) {
  const alone = await asked(table, keys.slice(0, 1))
  const all = await asked(table, keys)
  // of a few keys on a busy machine the start may have been the slower one
  const ms = Math.max(all.ms - alone.ms, all.ms / 2)
  return { perSecond: ((keys.length - 1) / ms) * 1000, mib: all.mib, found: all.found }
}
/** `postmap TYPE:FILE`: ms. */
export async function build(table) {
  return (await run([table], '')).ms
}
const asked = (table, keys) => run(['-q', '-', table], `${keys.join('\n')}\n`)

function run(args, input) {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(POSTMAP, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let [found, said, mib] = [0, '', 0]
    const watch = setInterval(() => (mib = Math.max(mib, highWater(child.pid))), 10)
    child.stdout.on('data', (bytes) => {
      for (const byte of bytes) if (byte === 10) found++
    })
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
    child.on('error', reject)
    child.on('close', () => {
      clearInterval(watch)
      if (/fatal|error/.test(said)) return reject(new Error(said.trim()))
      resolve({ ms: performance.now() - began, mib, found })
    })
    child.stdin.on('error', () => undefined).end(input)
  })
}
/** MiB at most so far; 0 when it has gone. */
function highWater(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
