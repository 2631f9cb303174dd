/** A primary and its workers, by the kernel's lists. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** The processes whose parent it is. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
export function isAlive(pid: number): boolean {
  try {
    // one that has ended, and that nobody has asked about, is no longer alive
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
/** Which queue ids a worker may have given or delivered: those of the parts that it has open. One that is starting has none. */
export function mailOf(pid: number): (id: string) => boolean {
  const parts = new Set<number>()
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const bits = /\/parts\/([0-9a-f]{3})[^/]*\//.exec(readlink(`/proc/${pid}/fd/${fd}`))?.[1]
      if (bits) parts.add(parseInt(bits, 16))
    }
  } catch {
    // it has ended meanwhile
  }
  return (id) => parts.has(partOf(id))
}
function readlink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
/** Bits 11 to 22 of an id of 13 base-32 digits (FORMAT.md of the journal): the first three digits of the part's folder. */
const partOf = (id: string): number => Number((BigInt(parseInt(id.slice(6), 32)) >> 11n) & 0xfffn)
