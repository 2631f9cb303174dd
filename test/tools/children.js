/** Child processes that cannot outlive the run: a group of their own, a limit in time. */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

const running = new Set()
const GRACE = 3000

/**
 * `{ code, signal, output, ms, late, left }`: `late` when the limit killed it, `left` when it ended and others of its
 * group went on (they are killed).
 */
export function runChild(command, args, { limit, env = {}, cwd } = {}) {
  return new Promise((resolve) => {
    const began = Date.now()
    const child = spawn(command, args, {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', ...env },
    })
    let output = ''
    let late = false
    running.add(child.pid)
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    const timer = setTimeout(() => {
      late = true
      killGroup(child.pid)
    }, limit)
    const end = (code, signal) => {
      clearTimeout(timer)
      running.delete(child.pid)
      resolve({ code, signal, output, ms: Date.now() - began, late, left })
    }
    let left = false
    child.once('error', (error) => {
      output += `${command}: ${error.message}\n`
      end(1, null)
    })
    child.once('exit', (code, signal) => {
      const closed = new Promise((done) => child.once('close', done))
      void groupGone(child.pid, late ? 0 : GRACE).then(async (gone) => {
        left = !gone && killGroup(child.pid) && !late
        // what waits for this alone need not: an open pipe is waited for in any case
        await Promise.race([closed, sleep(GRACE, undefined, { ref: false })])
        end(code, signal)
      })
    })
  })
}

/** Helpers of a test (a compiler's service) end by themselves a moment after it. */
async function groupGone(pid, ms) {
  for (const limit = Date.now() + ms; ; await sleep(20)) {
    if (!signalGroup(pid, 0)) return true
    if (Date.now() >= limit) return false
  }
}

/** Was there anything to kill? */
const killGroup = (pid) => signalGroup(pid, 'SIGKILL')
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    return false
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const pid of running) killGroup(pid)
    process.exit(130)
  })
}
