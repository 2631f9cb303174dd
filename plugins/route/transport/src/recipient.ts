/** transport(5): the way that a table says for a recipient. */
import { internal, splitExtension } from '@postern/core'
import type { Call, MailAddress, MaybePromise, Site, Table } from '@postern/core'
import { firstOf, localForms, parents } from '@postern/maps'
import type { Failed, Searched } from '@postern/maps'
import { said } from './said.ts'

export interface TransportTable {
  readonly tables: readonly Table[]
  readonly site: Pick<Site, 'myorigin' | 'recipientDelimiter'>
  /** parent_domain_matches_subdomains */
  readonly parents: boolean
}

/** Stands for all addresses; tables of patterns are asked for it, too. */
const WILDCARD = ['*']

/** `whole`: how many of the keys are the whole address; tables of patterns are asked for no other. */
function transportKeys(address: MailAddress, t: Omit<TransportTable, 'tables'>) {
  const domain = (address.domain || t.site.myorigin).toLowerCase()
  const whole = localForms(address.local, domain)
  const { user, extension } = splitExtension(address.local, t.site.recipientDelimiter)
  const above = [...parents(domain)]
  return {
    whole: whole.length,
    keys: [
      ...whole,
      ...(extension === undefined ? [] : localForms(user, domain)),
      domain,
      ...(t.parents ? above : above.map((parent) => `.${parent}`)),
    ],
  }
}

export function transportOf(
  t: TransportTable,
  address: MailAddress,
  call: Call,
): MaybePromise<string | undefined | Failed> {
  if (t.tables.length === 0) return undefined
  const { keys, whole } = transportKeys(address, t)
  const tell = (f: Searched) => said(f, internal(address))
  const orAny = (f: Searched): MaybePromise<string | undefined | Failed> => {
    if (f.kind !== 'absent') return tell(f)
    const any = firstOf(t.tables, WILDCARD, call)
    return any instanceof Promise ? any.then(tell) : tell(any)
  }
  const found = firstOf(t.tables, keys, call, whole)
  return found instanceof Promise ? found.then(orAny) : orAny(found)
}
