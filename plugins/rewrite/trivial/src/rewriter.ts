/** The role: one address of an envelope. */
import { parseAddress } from '@postern/core'
import type { AddressRewriter, MailAddress } from '@postern/core'
import { externalOf, lastAt, quoteAddress, tokensOf, trivial } from '@postern/addresses'
import type { TrivialOptions } from '@postern/addresses'

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
      if (!/[@%!]/.test(address.local)) return here()
      const tokens = trivial(tokensOf(scanned(address.local)), { ...o, origin: undefined })
      if (lastAt(tokens) < 0) return here()
      const inner = parseAddress(externalOf(tokens), { lenient: true })
      return inner && routes(inner) < routes(address) ? standard(inner) : here()
    },
  }
}
/** A backslash in it quotes nothing. */
const scanned = (local: string): string => (/[\\"]/.test(local) ? quoteAddress(local) : local)
/** Each step takes one away, so that there is an end. */
const routes = (address: MailAddress): number => address.local.replace(/[^@%!]/g, '').length
/** What cannot be an address even so stays as it came. */
const addressFrom = (text: string, given: MailAddress): MailAddress => parseAddress(text, { lenient: true }) ?? given
