/** Where the daemon of a spool is spoken to. */
import path from 'node:path'
import { CommandError, EX } from '../exit.ts'

/** sun_path has 108 bytes on Linux, the last one a NUL; Node would cut a longer name without a word. */
const LONGEST = 107

export function controlPath(spool: string): string {
  const file = path.join(spool, 'control.sock')
  const length = Buffer.byteLength(file)
  if (length > LONGEST)
    throw new CommandError(
      EX.CONFIG,
      `the control socket ${file} has a name of ${length} bytes, and a unix socket may have ${LONGEST}: choose a shorter spool folder`,
    )
  return file
}
export const pidPath = (spool: string): string => path.join(spool, 'postern.pid')
export const logPath = (spool: string): string => path.join(spool, 'postern.log')
