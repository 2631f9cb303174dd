/**
 * Addresses looked up as Postfix does it (its mail_addr_find and mail_addr_map): the whole address, without its extension, the local
 * part where the domain is ours, the domain. Answers come at once where no table has to be waited for.
 */
import { NULL_SENDER, internal, parseAddress, quoteLocal, splitExtension } from '@postern/core'
import type { AddressClasses, AddressRewriter, Call, MailAddress, MaybePromise, Site, Table } from '@postern/core'
import { eachAddress, externalOf } from '@postern/addresses'
import { firstOf } from './maps.ts'
import type { Failed, Searched } from './maps.ts'

export interface AddressSite {
  /** the characters that part user and extension */
  readonly delimiters: string
  /** Is a local part looked up without the domain, too? */
  isLocal(domain: string, call: Call): MaybePromise<boolean | Failed>
  standard(address: MailAddress): MailAddress
}
/** Local are the domains of the local class, and `myorigin`. */
export function addressSite(site: Site, classes: AddressClasses, rewriter: AddressRewriter): AddressSite {
  const myorigin = site.myorigin.toLowerCase()
  return {
    delimiters: site.recipientDelimiter,
    isLocal(domain, call) {
      if (domain.toLowerCase() === myorigin) return true
      const answer = classes.classOf({ text: `@${domain}`, local: '', domain }, call)
      return then(answer, (a) => (a.kind === 'failed' ? a : a.class === 'local'))
    },
    standard: (address) => rewriter.standard(address),
  }
}

export type FoundAddress =
  /** `extension`: with its delimiter, what the key did not have; `''`: none */
  { readonly kind: 'found'; readonly value: string; readonly extension: string } | Exclude<Searched, { kind: 'found' }>

/** A local part as tables may write it: with the quotes that it needs, then without; `domain` leaves no `@` when it is `undefined`. */
export function localForms(local: string, domain?: string): readonly string[] {
  const at = domain === undefined ? '' : `@${domain}`
  const quoted = quoteLocal(local)
  return quoted === local ? [`${local}${at}`] : [`${quoted}${at}`, `${local}${at}`]
}

/**
 * `user+ext@domain`, `user@domain`, in local domains `user+ext` and `user`, `@domain`. Each key of a local part that needs quotes is
 * asked with them, then without (a live Postfix 3.7 does so wherever it asks whether an address is in a table).
 */
export function findAddress(
  tables: readonly Table[],
  address: MailAddress,
  call: Call,
  site: AddressSite,
): MaybePromise<FoundAddress> {
  return search(tables, address, call, site, localForms)
}
/** What is rewritten was written by somebody: quotes count there (Postfix's canonical, virtual and generic tables). */
const asWritten = (local: string, domain?: string): readonly string[] => localForms(local, domain).slice(0, 1)

function search(
  tables: readonly Table[],
  address: MailAddress,
  call: Call,
  site: AddressSite,
  forms: typeof localForms,
): MaybePromise<FoundAddress> {
  const { local, domain } = address
  const { user, extension } = splitExtension(local, site.delimiters)
  const rest = extension === undefined ? '' : local.slice(user.length)
  const full = domain === '' && !address.text.endsWith('@') ? undefined : domain
  const whole = forms(local, full)
  const short = extension === undefined ? [] : forms(user, full)
  const shortest = extension === undefined ? [] : forms(user)
  const told = (found: Searched): FoundAddress =>
    found.kind !== 'found'
      ? found
      : {
          kind: 'found',
          value: found.value,
          extension: short.includes(found.key) || shortest.includes(found.key) ? rest : '',
        }
  return then(firstOf(tables, [...whole, ...short], call, whole.length), (first) => {
    // a name without a domain has been asked for already
    if (first.kind !== 'absent' || full === undefined) return told(first)
    // `user@` is at no domain of ours; `user` is where it is looked up
    return then(address.text.endsWith('@') ? false : site.isLocal(domain, call), (isLocal) => {
      if (typeof isLocal === 'object') return isLocal
      const locals = isLocal ? [...forms(local), ...shortest] : []
      // patterns have seen the whole address
      return then(firstOf(tables, [...locals, `@${domain}`], call, 0), told)
    })
  })
}

/**
 * The addresses that a table says instead, standard: `@other` keeps the local part, what is not matched of an extension goes on if
 * `propagate` says so; `<>` is the null sender. `undefined`: none.
 */
export function mapAddress(
  tables: readonly Table[],
  address: MailAddress,
  call: Call,
  site: AddressSite,
  propagate: boolean,
): MaybePromise<readonly MailAddress[] | undefined | Failed> {
  return then(search(tables, address, call, site, asWritten), (found) => {
    if (found.kind === 'absent') return undefined
    if (found.kind === 'failed') return found
    const results = addressesIn(found.value)
    if (!results)
      return {
        kind: 'failed',
        why: 'misconfigured',
        cause: `"${found.value}", found for ${internal(address)}, is not an address`,
      }
    const extension = propagate ? found.extension : ''
    return results.map((result) => {
      if (result.text === '') return result
      if (result.local === '') return site.standard(withLocal(result, address.local))
      return extension === '' ? site.standard(result) : withLocal(site.standard(result), undefined, extension)
    })
  })
}
/** `undefined`: one of them is none, or there is none. `<>` alone is the null sender. */
function addressesIn(text: string): MailAddress[] | undefined {
  if (NULL.test(text)) return [NULL_SENDER]
  const found: (MailAddress | undefined)[] = []
  eachAddress(text, (tokens) => {
    const external = externalOf(tokens)
    found.push(external.startsWith('""@') ? domainOnly(external.slice(3)) : parseAddress(external, { lenient: true }))
  })
  return found.length > 0 && found.every((a) => a !== undefined) ? found : undefined
}
const NULL = /^\s*(?:<\s*>|"")\s*$/
const domainOnly = (domain: string): MailAddress => ({ text: `@${domain}`, local: '', domain })
function withLocal(address: MailAddress, other = address.local, extension = ''): MailAddress {
  const local = `${other}${extension}`
  const text = address.domain === '' ? quoteLocal(local) : `${quoteLocal(local)}@${address.domain}`
  return { text, local, domain: address.domain }
}
const then = <T, R>(value: MaybePromise<T>, fn: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(fn) : fn(value)
