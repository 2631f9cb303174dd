/** Which recipients of our own domains exist, by the tables of their class. */
import { internal } from '@postern/core'
import type { AddressClass, Call, Lookup, MailAddress, MaybePromise, RecipientTables, Table } from '@postern/core'
import { findAddress } from '@postern/maps'
import type { AddressSite, Failed } from '@postern/maps'

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
      if (maps === undefined) return undefined
      if (addressClass === 'local' && ALWAYS.test(address.local)) return true
      const found = lookup(maps, address, call, site)
      return found instanceof Promise ? found.then(answer) : answer(found)
    },
    unknownText(addressClass) {
      const name = TABLE_NAMES[addressClass]
      return tell.tableName && name ? `User unknown in ${name}` : 'User unknown'
    },
  }
}

type Found = Exclude<Lookup, { kind: 'found' }> | { readonly kind: 'found'; readonly value: string }
/** An empty value is a mistake in the table, not an answer. */
function answer(found: Found): boolean | Failed {
  if (found.kind !== 'found') return found.kind === 'failed' ? found : false
  if (found.value.trim() !== '') return true
  return { kind: 'failed', why: 'misconfigured', cause: 'a table of recipients has an empty value' }
}
/** An address that needs quotes is looked up with them, then without. */
function lookup(maps: readonly Table[], address: MailAddress, call: Call, site: AddressSite): MaybePromise<Found> {
  const found = findAddress(maps, address, call, site)
  const plain = internal(address)
  if (plain === address.text) return found
  const bare = (f: Found) => (f.kind === 'absent' ? findAddress(maps, { ...address, text: plain }, call, site) : f)
  return found instanceof Promise ? found.then(bare) : bare(found)
}
