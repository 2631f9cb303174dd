/** Ways by sender: sender_dependent_default_transport_maps and sender_dependent_relayhost_maps (postconf(5)). */
import { addressOf } from '@postern/core'
import type { Call, MailAddress, MaybePromise, Table } from '@postern/core'
import { findAddress, firstOf, localForms } from '@postern/maps'
import type { AddressSite, Failed, Searched } from '@postern/maps'
import { said } from './said.ts'

export type BySender = (sender: MailAddress, call: Call) => MaybePromise<string | undefined | Failed>

/** `nullKey`: what is asked for the null sender */
export function bySender(tables: readonly Table[], nullKey: string, site: AddressSite): BySender {
  if (tables.length === 0) return () => undefined
  return (sender, call) => {
    const found = sender.text === '' ? findKey(tables, nullKey, call, site) : findAddress(tables, sender, call, site)
    const tell = (f: Answer) => unlessDunno(said(f, sender.text || nullKey))
    return found instanceof Promise ? found.then(tell) : tell(found)
  }
}
type Answer = Exclude<Searched, { kind: 'found' }> | { readonly kind: 'found'; readonly value: string }

const unlessDunno = (text: string | undefined | Failed) =>
  typeof text === 'string' && text.trim().toUpperCase() === 'DUNNO' ? undefined : text

/** The null sender's key may be an address, whose domain is then asked for, too. */
function findKey(tables: readonly Table[], key: string, call: Call, site: AddressSite): MaybePromise<Answer> {
  if (key.includes('@')) return findAddress(tables, addressOf(key), call, site)
  const keys = localForms(key)
  return firstOf(tables, keys, call, keys.length)
}
