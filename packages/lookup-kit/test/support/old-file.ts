/** Writes a file that seems to be an hour old: Postfix waits for seconds until one is no longer new, lest it be half written. */
import { utimesSync, writeFileSync } from 'node:fs'

export function writeOld(path: string, text: string): void {
  writeFileSync(path, text)
  const then = Date.now() / 1000 - 3600
  utimesSync(path, then, then)
}
