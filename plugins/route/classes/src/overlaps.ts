/** A domain in two classes is a mistake that shows only when mail goes astray: it is told at start. */
import type { ClassLists } from './classify.ts'

/** The pairs that Postfix warns of. relay_domains once had mydestination as its default, so that pair is none of them. */
const PAIRS = [
  ['local', 'virtualAlias'],
  ['local', 'virtualMailbox'],
  ['virtualAlias', 'virtualMailbox'],
  ['virtualAlias', 'relay'],
  ['virtualMailbox', 'relay'],
] as const
const NAMES = {
  local: 'mydestination',
  virtualAlias: 'virtual_alias_domains',
  virtualMailbox: 'virtual_mailbox_domains',
  relay: 'relay_domains',
}

/** One text for each domain that is written in two lists; what stands in tables is not looked at. */
export function overlaps(lists: ClassLists): string[] {
  return PAIRS.flatMap(([a, b]) =>
    lists[a].literals
      .filter((domain) => lists[b].matchLiteral(domain))
      .map((domain) => `do not list domain ${domain} in BOTH ${NAMES[a]} and ${NAMES[b]}`),
  )
}
