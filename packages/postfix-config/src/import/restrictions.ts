/** Lists of restrictions (smtpd_relay_restrictions and its like): the words of them that are understood. */
import type { Reader } from './reader.ts'

/** What the rules of policy-relay are called. */
const RULES = new Set([
  'permit_mynetworks',
  'permit_inet_interfaces',
  'permit_sasl_authenticated',
  'permit_auth_destination',
  'permit',
  'reject_unauth_destination',
  'defer_unauth_destination',
  'check_relay_domains',
  'reject',
  'defer',
])
export const isKnownRestriction = (word: string): boolean => RULES.has(word.toLowerCase())

/** A list without such a word lets everybody relay. */
export const isRefusal = (rule: string): boolean => /^(reject|defer|check)/.test(rule)

/** Classes may name classes; a circle ends here. */
const DEEPEST = 10

/**
 * The rules of a list, those of smtpd_restriction_classes in their place. What is not understood is left out (the report tells it),
 * and so is what `warn_if_reject` would only warn of.
 */
export function rulesOf(r: Reader, parameter: string, depth = 0): string[] {
  const classes = r.words('smtpd_restriction_classes')
  const words = r.words(parameter)
  return words.flatMap((word, at): string[] => {
    if (words[at - 1]?.toLowerCase() === 'warn_if_reject') return []
    const rule = word.toLowerCase()
    if (RULES.has(rule)) return [rule]
    return classes.includes(word) && depth < DEEPEST ? rulesOf(r, word, depth + 1) : []
  })
}
/** A word of a list is understood, or it is a class of which all words are. */
export function isUnderstood(r: Reader, word: string, depth = 0): boolean {
  if (isKnownRestriction(word)) return true
  if (!r.words('smtpd_restriction_classes').includes(word) || depth >= DEEPEST) return false
  return r.words(word).every((inner) => isUnderstood(r, inner, depth + 1))
}
