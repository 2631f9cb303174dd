/** The role: one address of an envelope. */
import { parseAddress } from '@postern/core'
import type { AddressRewriter, MailAddress } from '@postern/core'
import { externalOf, lastAt, quoteAddress, tokensOf, trivial } from '@postern/addresses'
import type { Token, TrivialOptions } from '@postern/addresses'

/** nearly all addresses: nothing to be done, and told without taking them apart */
const STANDARD = /^[\w.+=~$#&'*/?^`{|}-]+$/

/** `myhostname`: where a name without a domain is, if nothing is appended to it. */
export function rewriter(o: TrivialOptions, myhostname: string): AddressRewriter {
  const standard = (address: MailAddress): MailAddress => {
    const { text, local, domain } = address
    if (text === '' || (domain !== '' && domain.includes('.') && !domain.endsWith('.') && STANDARD.test(local)))
      return address
    // quotes do not hide an @ where nothing follows them
    const given = domain === '' && local.includes('@') ? quoteAddress(local) : text
    const tokens = tokensOf(given)
    const next = trivial(tokens, o)
    return next === tokens && given === text ? address : addressFrom(externalOf(next), address)
  }
  return {
    standard,
    within(address) {
      // nobody's mail is that of whom reports come from
      if (address.local === '') return parseAddress(`MAILER-DAEMON@${address.domain}`, { lenient: true })
      const here = () =>
        address.domain === '' ? parseAddress(`${address.text}@${myhostname}`, { lenient: true }) : undefined
      // an address in quotes is looked at as well (Postfix's resolve_dequoted_address): the next hop would
      if (!ROUTE.test(address.local)) return here()
      const tokens = routeIn(address.local, o)
      if (tokens === undefined || tokens === 'nowhere') return here()
      const inner = parseAddress(externalOf(tokens), { lenient: true })
      return inner && routes(inner) < routes(address) ? standard(inner) : here()
    },
    leadsNowhere: ({ local, domain }) => domain === '' && ROUTE.test(local) && routeIn(local, o) === 'nowhere',
  }
}
const ROUTE = /[@%!]/
/** The route that a local part is; `undefined`: none. */
function routeIn(local: string, o: TrivialOptions): readonly Token[] | 'nowhere' | undefined {
  const rules = { ...o, origin: undefined }
  let tokens = trivial(tokensOf(scanned(local)), rules)
  if (lastAt(tokens) < 0) return undefined
  // `x%`, `!x`: to a host without a name, which is this one
  for (let at; (at = lastAt(tokens)) === tokens.length - 1;) {
    if (at < 0) return 'nowhere'
    tokens = trivial(tokens.slice(0, at), rules)
    if (lastAt(tokens) < 0) return 'nowhere'
  }
  return tokens
}
/** A backslash in it quotes nothing. */
const scanned = (local: string): string => (/[\\"]/.test(local) ? quoteAddress(local) : local)
/** Each step takes one away, so that there is an end. */
const routes = (address: MailAddress): number => address.local.replace(/[^@%!]/g, '').length
/** What cannot be an address even so stays as it came. */
const addressFrom = (text: string, given: MailAddress): MailAddress => parseAddress(text, { lenient: true }) ?? given
