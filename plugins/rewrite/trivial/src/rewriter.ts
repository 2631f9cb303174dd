/** The role: one address of an envelope. */
import { internal, parseAddress } from '@postern/core'
import type { AddressRewriter, MailAddress } from '@postern/core'
import { externalOf, lastAt, tokensOf, trivial } from '@postern/addresses'
import type { TrivialOptions } from '@postern/addresses'

/** nearly all addresses: nothing to be done, and told without taking them apart */
const STANDARD = /^[\w.+=~$#&'*/?^`{|}-]+$/

export function rewriter(o: TrivialOptions): AddressRewriter {
  const standard = (address: MailAddress): MailAddress => {
    const { text, local, domain } = address
    if (text === '' || (domain !== '' && domain.includes('.') && !domain.endsWith('.') && STANDARD.test(local)))
      return address
    const tokens = tokensOf(text)
    const next = trivial(tokens, o)
    return next === tokens ? address : addressFrom(externalOf(next), address)
  }
  return {
    standard,
    within(address) {
      // an address in quotes is looked at as well (Postfix's resolve_dequoted_address): the next hop would
      if (!/[@%!]/.test(address.local)) return undefined
      const tokens = trivial(tokensOf(address.local), { ...o, origin: undefined })
      if (lastAt(tokens) < 0) return undefined
      const inner = parseAddress(externalOf(tokens), { lenient: true })
      return inner && internal(inner).length < internal(address).length ? standard(inner) : undefined
    },
  }
}
/** What cannot be an address even so stays as it came. */
const addressFrom = (text: string, given: MailAddress): MailAddress => parseAddress(text, { lenient: true }) ?? given
