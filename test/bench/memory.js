/** Memory of a process tree: PSS, where a page that several processes share counts once (proc_pid_smaps_rollup(5)). */
import { readFileSync } from 'node:fs'
import { treeOf } from './cpu.js'

/** MiB, and how many processes. */
export function memoryOfTree(root) {
  const pids = treeOf(root)
  const kib = pids.map((pid) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0)
    } catch {
      return 0 // it has ended meanwhile
    }
  })
  return { mib: kib.reduce((a, b) => a + b, 0) / 1024, processes: kib.filter((k) => k > 0).length }
}
