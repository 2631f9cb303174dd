import { join, resolve } from 'node:path'
import type { UserPath } from '@postern/core'
import type { Options } from './options.ts'

export type UserMailbox =
  { readonly kind: 'mbox'; readonly file: UserPath } | { readonly kind: 'maildir'; readonly folder: UserPath }

const MAX_NAME = 255

/** Where a user's mail goes; `undefined` for a name that is nobody's, because it cannot be one of a file. `folder`: absolute, of the configuration. */
export function mailboxOf(
  user: string,
  { homeMailbox, mailSpoolDirectory }: Pick<Options, 'homeMailbox' | 'mailSpoolDirectory'>,
  folder: string,
): UserMailbox | undefined {
  if (!isName(user)) return undefined
  if (homeMailbox !== undefined) return mailboxAt({ below: 'home', path: homeMailbox }, homeMailbox.endsWith('/'))
  const path = join(resolve(folder, mailSpoolDirectory), user)
  return mailboxAt({ below: 'root', path }, mailSpoolDirectory.endsWith('/'))
}
const mailboxAt = (path: UserPath, maildir: boolean): UserMailbox =>
  maildir ? { kind: 'maildir', folder: path } : { kind: 'mbox', file: path }
const isName = (user: string): boolean =>
  !['', '.', '..'].includes(user) && !/[/\0]/.test(user) && Buffer.byteLength(user) <= MAX_NAME
