/** Routing that a sender wrote into the local part: whoever follows it relays for strangers. */
import type { MailAddress } from '@postern/core'

/**
 * `user%elsewhere@us`, `elsewhere!user@us`, `"user@elsewhere"@us`, `@elsewhere:user@us`. The unquoted local part is
 * looked at: quotes hide nothing from the host that we would pass the mail on to.
 */
export const isSenderRouted = (address: MailAddress): boolean => /[@%!]/.test(address.local)
