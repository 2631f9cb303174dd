/** Which recipients of a class exist, and what Postfix calls those that do not. */
import type { AddressClass, Call, Lookup, MailAddress, Table } from '@postern/core'
import { splitExtension } from '@postern/core'
import { firstOf } from '@postern/maps'
import type { Options } from './options.ts'

export type ListedClass = Exclude<AddressClass, 'default'>

export const TABLE_NAMES: Record<ListedClass, string> = {
  local: 'local recipient table',
  virtualAlias: 'virtual alias table',
  virtualMailbox: 'virtual mailbox table',
  relay: 'relay recipient table',
}
export const unknownText = (name: ListedClass, options: Pick<Options, 'showUserUnknownTableName'>): string =>
  options.showUserUnknownTableName ? `User unknown in ${TABLE_NAMES[name]}` : 'User unknown'

/** What the delivery agent of the class would say after the message was accepted. */
export function bounceText(name: ListedClass, address: MailAddress, domain: string, options: Options): string {
  if (name === 'local') return `unknown user: "${address.local.toLowerCase()}"`
  if (name === 'virtualMailbox') return `unknown user: "${address.local}@${domain}"`
  return unknownText(name, options)
}
export const rejectCode = (name: ListedClass, options: Options): number =>
  ({
    local: options.unknownLocalRecipientRejectCode,
    virtualAlias: options.unknownVirtualAliasRejectCode,
    virtualMailbox: options.unknownVirtualMailboxRejectCode,
    relay: options.unknownRelayRecipientRejectCode,
  })[name]

/** `user+ext@domain`, `user@domain`, for local addresses `user+ext` and `user`, then `@domain`. */
export function recipientKeys(address: MailAddress, domain: string, local: boolean, delimiters: string): string[] {
  const full = address.local.toLowerCase()
  const { user, extension } = splitExtension(full, delimiters)
  const users = extension === undefined ? [full] : [full, user]
  return [...users.map((u) => `${u}@${domain}`), ...(local ? users : []), `@${domain}`]
}

/** `absent` only when the class has tables and none knows the recipient. */
export interface Existence {
  has(name: AddressClass, address: MailAddress, domain: string, call: Call): Promise<Lookup | undefined>
}
export function existence(
  tables: Partial<Record<AddressClass, readonly Table[]>>,
  isMyorigin: (domain: string) => boolean,
  delimiters: string,
): Existence {
  return {
    async has(name, address, domain, call) {
      const maps = tables[name]
      if (maps === undefined) return undefined
      return firstOf(maps, recipientKeys(address, domain, name === 'local' || isMyorigin(domain), delimiters), call)
    },
  }
}
