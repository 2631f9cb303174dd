/** Where the daemon of a spool is spoken to. */
import path from 'node:path'
import { CommandError, EX } from '../exit.ts'

/** sun_path has 108 bytes on Linux, the last one a NUL; Node would cut a longer name without a word. */
const LONGEST = 107
const OWNER = 'control'
const EVERYBODY = 'control.public'

/** The owner's socket. Throws CommandError where one of the two would have too long a name. */
export function controlPath(spool: string): string {
  publicPath(spool)
  return path.join(spool, OWNER)
}
/** The socket for every user of the host. */
export function publicPath(spool: string): string {
  const file = path.join(spool, EVERYBODY)
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
