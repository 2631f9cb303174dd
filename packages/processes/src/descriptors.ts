/** Descriptors that whoever started this process had left open. */
import * as fs from 'node:fs'

const O_CLOEXEC = 0o2000000

/**
 * Closes them: they would reach every process that this one starts, workers and users' programs too, and keep open what
 * the starter waits to see closed. Node's own are all closed at exec; those that are not came from elsewhere. Without
 * /proc nothing is done.
 */
export function closeInherited(): void {
  for (const name of openOnes()) {
    const flags = Number(name) > 2 ? flagsOf(name) : undefined
    if (flags !== undefined && (flags & O_CLOEXEC) === 0) fs.closeSync(Number(name))
  }
}
function openOnes(): string[] {
  try {
    return fs.readdirSync('/proc/self/fd')
  } catch {
    return []
  }
}
/** `undefined`: it was the list's own, and is closed by now */
function flagsOf(fd: string): number | undefined {
  try {
    return parseInt(/^flags:\s*([0-7]+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8)
  } catch {
    return undefined
  }
}
