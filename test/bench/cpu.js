/** CPU of a process tree from /proc: what lives, and what was reaped by those who live. */
import { readFileSync, readdirSync } from 'node:fs'

const HZ = 100

function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const f = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { ppid: Number(f[1]), ticks: [11, 12, 13, 14].reduce((n, i) => n + Number(f[i]), 0) }
  } catch {
    return undefined
  }
}
function tree(root) {
  const all = new Map()
  for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) all.set(Number(name), stat(name))
  const inTree = new Set([root])
  for (let grew = true; grew;) {
    grew = false
    for (const [pid, s] of all) if (s && !inTree.has(pid) && inTree.has(s.ppid)) grew = Boolean(inTree.add(pid))
  }
  return { all, inTree }
}
/** The process and all below it. */
export const treeOf = (root) => [...tree(root).inTree]
/** Seconds of user and system time. */
export function cpuOfTree(root) {
  const { all, inTree } = tree(root)
  return [...inTree].reduce((n, pid) => n + (all.get(pid)?.ticks ?? 0), 0) / HZ
}
/** `p` of the values are at most this. */
export function quantile(list, p) {
  const s = Float64Array.from(list).sort()
  return s[Math.min(s.length - 1, Math.max(0, Math.ceil(p * s.length) - 1))]
}
export function median(list) {
  const s = [...list].sort((a, b) => a - b)
  const half = Math.floor(s.length / 2)
  return s.length % 2 ? s[half] : (s[half - 1] + s[half]) / 2
}
