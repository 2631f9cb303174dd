/** What cannot be read is kept, under `corrupt/`. */
import fs from 'node:fs'
import { join } from 'node:path'
import { segmentName } from './segment.ts'

/** Kept once: a range found damaged at each start is the same range. */
export function keepDamaged(part: string, segment: number, offset: number, bytes: Uint8Array): void {
  const path = join(part, 'corrupt', `${segmentName(segment)}-${offset}`)
  if (!fs.existsSync(path)) fs.writeFileSync(path, bytes, { flush: true })
}
/** A second name for a body file: it stays when the message goes. */
export function keepDamagedFile(part: string, file: string): void {
  try {
    fs.linkSync(join(part, 'body', file), join(part, 'corrupt', file))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' && code !== 'ENOENT') throw error
  }
}
