import { addressOf, internal, splitExtension } from '@postern/core'
import type { JobRecipient } from '@postern/core'

/** A recipient's address in the forms that delivery needs. */
export interface Target {
  /** quoted where it must be, as header lines show it */
  readonly text: string
  /** unquoted, as reply texts show it */
  readonly plain: string
  /** unquoted and in lower case, as tables and folders know it */
  readonly key: string
  readonly user: string
  readonly extension: string
  readonly domain: string
}

export function targetOf(recipient: JobRecipient, delimiter: string): Target {
  const address = addressOf(recipient.address)
  const key = internal(address).toLowerCase()
  const { user, extension = '' } = splitExtension(address.local.toLowerCase(), delimiter)
  return { text: address.text, plain: internal(address), key, user, extension, domain: address.domain.toLowerCase() }
}

/** virtual(5) TABLE SEARCH ORDER: the whole address, the one without its extension, then the domain's catch-all. */
export function keysOf(target: Target): string[] {
  const { key, user, domain } = target
  if (domain === '') return user === key ? [key] : [key, user]
  const bare = `${user}@${domain}`
  return bare === key ? [key, `@${domain}`] : [key, bare, `@${domain}`]
}
