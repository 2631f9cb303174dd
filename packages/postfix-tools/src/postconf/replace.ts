/** A configuration file changed at one stroke: whoever reads it sees the old one or the new one. */
import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { Fatal, systemText } from '@postern/sendmail/queue'

/** `edit` gets the file's lines, in latin1 so that every byte stays, and answers the new ones. Throws Fatal. */
export function replaceFile(file: string, edit: (lines: readonly string[]) => readonly string[]): void {
  let temporary: string | undefined
  try {
    // a link stays one
    const target = realpathSync(file)
    const { mode, uid, gid } = statSync(target)
    const text = readFileSync(target, 'latin1')
    const lines = text.split('\n')
    if (lines.at(-1) === '') lines.pop()
    const changed = edit(lines)
      .map((line) => `${line}\n`)
      .join('')
    const next = `${target}.tmp`
    // of a postconf that was killed
    rmSync(next, { force: true })
    const fd = openSync(next, 'wx', 0o600)
    temporary = next
    try {
      const bytes = Buffer.from(changed, 'latin1')
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
      fchmodSync(fd, mode & 0o7777)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    if (process.getuid!() === 0) chownSync(next, uid, gid)
    renameSync(next, target)
    temporary = undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).errno === undefined) throw error
    throw new Fatal(`open ${file}: ${systemText(error)}`)
  } finally {
    if (temporary !== undefined) rmSync(temporary, { force: true })
  }
}
/** The command line's words are UTF-8. */
export const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
