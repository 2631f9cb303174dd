/** Which recipients of our own domains exist, by the tables of their class. */
import type { AddressClass, RecipientTables, Table } from '@postern/core'
import { findAddress } from '@postern/maps'
import type { AddressSite, Failed, FoundAddress } from '@postern/maps'

const TABLE_NAMES: Partial<Record<AddressClass, string>> = {
  local: 'local recipient table',
  virtualAlias: 'virtual alias table',
  virtualMailbox: 'virtual mailbox table',
  relay: 'relay recipient table',
}
/** Every site has them (RFC 5321 section 4.5.1); bounces come from the other two. */
const ALWAYS = /^(postmaster|mailer-daemon|double-bounce)$/i

export function recipientLists(
  tables: Partial<Record<AddressClass, readonly Table[]>>,
  site: AddressSite,
  tell: { readonly tableName: boolean },
): RecipientTables {
  return {
    exists(address, addressClass, call) {
      const maps = tables[addressClass]
      if (maps === undefined || maps.length === 0) return undefined
      if (addressClass === 'local' && ALWAYS.test(address.local)) return true
      const found = findAddress(maps, address, call, site)
      return found instanceof Promise ? found.then(answer) : answer(found)
    },
    unknownText(addressClass) {
      const name = TABLE_NAMES[addressClass]
      return tell.tableName && name ? `User unknown in ${name}` : 'User unknown'
    },
  }
}

/** An empty value is a mistake in the table, not an answer. */
function answer(found: FoundAddress): boolean | Failed {
  if (found.kind !== 'found') return found.kind === 'failed' ? found : false
  if (found.value.trim() !== '') return true
  return { kind: 'failed', why: 'misconfigured', cause: 'a table of recipients has an empty value' }
}
