/** A server that hangs: stopped, not killed. */
import { readFileSync, readdirSync } from 'node:fs'

/** ms */
const PATIENCE = 2000
const PAUSE = new Int32Array(new SharedArrayBuffer(4))

/** SIGSTOP, and none of its threads runs any more when this returns: the signal alone lets one that is busy answer once more. */
export function freeze(pid: number): void {
  process.kill(pid, 'SIGSTOP')
  for (const end = Date.now() + PATIENCE; Date.now() < end && !isStopped(pid); Atomics.wait(PAUSE, 0, 0, 1));
}
function isStopped(pid: number): boolean {
  try {
    // the state stands behind the name, which may have any character (proc(5))
    return readdirSync(`/proc/${pid}/task`).every((task) =>
      /\) [tT] [^)]*$/.test(readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1')),
    )
  } catch {
    // gone, or a system without /proc
    return true
  }
}
