/** The user that `--user` names. */
import { findUser } from '@postern/processes'
import type { User } from '@postern/processes'
import { CommandError, EX } from '../exit.ts'

/** Throws CommandError when there is none, and for root. */
export function userOf(name: string): User {
  try {
    return findUser(name)
  } catch (error) {
    throw new CommandError(EX.USAGE, `--user: ${(error as Error).message}`)
  }
}
