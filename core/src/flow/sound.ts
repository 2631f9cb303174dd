/** What may be in an envelope (Postfix's trivial-rewrite says the same of an address). */
import { isMalformed } from '../address.ts'
import type { MailAddress } from '../address.ts'
import type { Graph } from '../graph/graph.ts'

export function isSound(address: MailAddress, { settings, rewriter }: Pick<Graph, 'settings' | 'rewriter'>): boolean {
  const { local, domain } = address
  if (isMalformed(domain) || (local.startsWith('-') && !settings.allowMinUser)) return false
  return domain !== '' || rewriter.leadsNowhere?.(address) !== true
}
