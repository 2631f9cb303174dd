/** Who has moved is told at RCPT, so that no bounce is needed for it. */
import { defer, edits, asGiven, refuse, session } from '@postern/core'
import type { Answer, Call, MailAddress, Mta, Named, PermanentCode, RecipientRewrites } from '@postern/core'
import type { Ask, Moved } from './moved.ts'

type Verdict = Extract<Answer<'rcpt'>, { kind: 'refuse' | 'defer' }>
export interface Around {
  readonly ask: Ask
  readonly resolve: Mta['resolve']
  readonly rewrites: Named<RecipientRewrites>
}
/**
 * Postfix's words: whose address it is, the status where the table names none, and what becomes of one that speaks of the other
 * side (RFC 3463 section 3.2), as a live one answers.
 */
const SIDES = {
  recipient: { whose: 'Recipient', esc: '5.1.1', instead: { '5.1.7': '5.1.3', '5.1.8': '5.1.2' } },
  sender: {
    whose: 'Sender',
    esc: '5.1.0',
    instead: { '5.1.1': '5.1.7', '5.1.2': '5.1.8', '5.1.3': '5.1.7', '5.1.4': '5.1.7', '5.1.6': '5.1.7' },
  },
} as const
type Side = keyof typeof SIDES

/** Behind policy, as Postfix does it: a policy's text goes first, and no permit lets in who has moved. */
const later = (verdict: Verdict) => edits([session.refuseLater(verdict)])

/** `given` is what the client said: for the reply. */
export async function objection(
  around: Around,
  side: Side,
  { address, given }: { address: MailAddress; given: MailAddress },
  call: Call,
) {
  const found = await around.ask(address, call)
  if (!found) return undefined
  const failure = (cause: unknown) =>
    later(defer('4.3.0', `<${asGiven(given)}>: Temporary lookup failure`, { code: 451, cause }))
  if (found.kind === 'failed') return failure(found.cause)
  const redirected = await isRedirected(around, address, found, call)
  if (typeof redirected === 'object') return failure(redirected.cause)
  if (redirected) return undefined
  const { whose, esc: otherwise } = SIDES[side]
  const esc = found.esc ?? otherwise
  const instead: Readonly<Record<string, PermanentCode>> = SIDES[side].instead
  const text = `<${asGiven(given)}>: ${whose} address rejected: ${found.text}`
  return later(refuse(instead[esc] ?? esc, text, { code: 550 }))
}

/** Does a table rewrite it, or another plugin expand it, before anybody asks whether it has moved? */
async function isRedirected(
  { resolve, rewrites }: Around,
  address: MailAddress,
  found: Moved,
  call: Call,
): Promise<boolean | { readonly cause: unknown }> {
  for (const name of rewrites.names()) {
    const known = await rewrites.get(name)!.knows(address, call)
    if (known !== false) return known === true ? true : { cause: known.cause }
  }
  const resolved = await resolve(address.text, call)
  // a way, or an alias that leads in a circle: told when the message has come
  if (resolved.kind === 'routes' || resolved.esc === '4.6.0') return true
  if (!resolved.permanent) return { cause: resolved.text }
  return resolved.text !== found.text || resolved.address.toLowerCase() !== address.text.toLowerCase()
}
