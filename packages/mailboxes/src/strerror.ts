/** The system's errors by name and in its own words. Imports nothing, so that a helper that loads no core may use it. */
import { getSystemErrorMap } from 'node:util'

// Node knows neither of these two, whose `code` then is "Unknown system error -122"
const UNKNOWN: ReadonlyMap<number, readonly [string, string]> =
  process.platform === 'linux'
    ? new Map([
        [-122, ['EDQUOT', 'Disk quota exceeded']],
        [-116, ['ESTALE', 'Stale file handle']],
      ])
    : new Map()
// where libuv's words are not those of strerror(3), which stand in other servers' logs
const OTHER_WORDS: Readonly<Record<string, string>> = {
  EEXIST: 'File exists',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENFILE: 'Too many open files in system',
  ENOMEM: 'Cannot allocate memory',
  ETXTBSY: 'Text file busy',
}

/** `ENOSPC`; '' when it is no error of the system. */
export function codeOf(error: unknown): string {
  const { errno, code } = error as NodeJS.ErrnoException
  return (errno !== undefined && UNKNOWN.get(errno)?.[0]) || (typeof code === 'string' ? code : '')
}
/** `No space left on device`, as strerror(3) has it. */
export function strerror(error: NodeJS.ErrnoException): string {
  const { errno, message } = error
  const said =
    OTHER_WORDS[codeOf(error)] ??
    (errno === undefined ? undefined : (UNKNOWN.get(errno)?.[1] ?? getSystemErrorMap().get(errno)?.[1])) ??
    message
  return said.charAt(0).toUpperCase() + said.slice(1)
}
