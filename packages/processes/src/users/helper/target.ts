/** Where a message goes: opened, written to in pieces, and either committed or taken back. */
import { writevSync } from 'node:fs'
import type { UserOutcome } from '@postern/core'
import { Ended } from './faults.ts'

export interface Target {
  /** Opens it, and writes the lines above the message. All of them throw Ended. */
  begin(): void | Promise<void>
  /** A piece of the message. */
  write(bytes: Buffer): void | Promise<void>
  /** The last piece, perhaps the only one: begins if nothing has begun. Durable when it returns. */
  finish(bytes: Buffer): UserOutcome | Promise<UserOutcome>
  /** Nothing of it may be left. May be called at any time, does not throw. */
  abort(): void | Promise<void>
}
/** Times and limits of a helper; ms. */
export interface Settings {
  /** lowest user id that is delivered for */
  readonly minimumUid: number
  /** without a sign of life it is ended */
  readonly deadline: number
  /** programs at a time */
  readonly programs: number
  /** as root: each user's deliveries by a process that is that user for good, at most `strictProcesses` of them */
  readonly strict: boolean
  readonly strictProcesses: number
  /** tries for a lock, as Postfix's deliver_lock_attempts and deliver_lock_delay */
  readonly lockAttempts: number
  readonly lockDelay: number
  /** age at which a lock file is nobody's any more (stale_lock_time) */
  readonly staleLock: number
  /** folders of users' mailbox files (mail_spool_directory): absolute, without a slash at the end */
  readonly mailSpools: readonly string[]
}
export function writeAll(fd: number, bytes: Buffer): void {
  // a short write is a disk running full; the next one says so
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(writevSync(fd, [rest]))
}
export const tooLarge = (what: string): Ended =>
  new Ended({ kind: 'failed', esc: '5.2.2', text: `${what}error writing message: File too large` })
