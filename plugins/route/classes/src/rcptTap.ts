/** Recipients that do not exist are refused at RCPT, so that no bounce about them is ever needed. */
import { addressOf, defer, edits, internal, refuse, session } from '@postern/core'
import type {
  Answer,
  Call,
  MailAddress,
  Mta,
  Named,
  PermanentCode,
  RecipientRewrites,
  TapFn,
  TemporaryCode,
  View,
} from '@postern/core'
import { bounceText, rejectCode, unknownText } from './recipients.ts'
import { findWay } from './route.ts'
import type { Router, Way } from './route.ts'

type Verdict = Extract<Answer<'rcpt'>, { kind: 'refuse' | 'defer' }>
type Ask = Mta['resolve']

/** What an address that has not been expanded deserves: nothing when it may come in. */
interface Objection {
  readonly verdict: Verdict
  /** the failure that our own resolve tap answers for this address */
  readonly failure?: string
}

export function rcptTap(
  router: Router,
  ask: Ask,
  rewrites: Named<RecipientRewrites>,
): TapFn<View<'rcpt'>, Answer<'rcpt'>> {
  return async ({ recipient, recipientGiven: given }, call) => {
    const { way, address } = await followed(router, recipient, call)
    if (way.kind === 'failed') return later(lookupFailure(given, way.cause))
    const objection = way.kind === 'unknown' ? unknown(router, given, address, way) : errorTransport(given, way)
    if (!objection) return undefined
    const rewritten = await isRewritten(rewrites, recipient, call)
    if (rewritten === true) return undefined
    if (rewritten) return later(lookupFailure(given, rewritten.cause))
    const expanded = await isExpanded(ask, { recipient: address, given }, objection, call)
    if (typeof expanded === 'object') return later(expanded)
    return expanded ? undefined : later(objection.verdict)
  }
}
/** Its way, or that of the address which a sender wrote into its local part. */
async function followed(
  router: Router,
  address: MailAddress,
  call: Call,
): Promise<{ readonly way: Exclude<Way, { kind: 'within' }>; readonly address: MailAddress }> {
  const way = await findWay(router, address, call)
  return way.kind === 'within' ? followed(router, way.address, call) : { way, address }
}
/** Does a table rewrite it before it is looked for (Postfix's canonical_maps and recipient_canonical_maps)? */
async function isRewritten(rewrites: Named<RecipientRewrites>, address: MailAddress, call: Call) {
  for (const name of rewrites.names()) {
    const known = await rewrites.get(name)!.knows(address, call)
    if (known !== false) return known
  }
  return false
}
/** Behind policy, as Postfix does it: a policy's text goes first, and no permit lets an unknown recipient in. */
const later = (verdict: Verdict) => edits([session.refuseLater(verdict)])

const lookupFailure = (recipient: MailAddress, cause: unknown): Verdict =>
  defer('4.3.0', `<${internal(recipient)}>: Temporary lookup failure`, { code: 451, cause })

/** A code of the operator's may be temporary: 450 makes 5.1.1 a 4.1.1. */
function objectTo(recipient: MailAddress, code: number, esc: string, text: string): Verdict {
  const line = `<${internal(recipient)}>: Recipient address rejected: ${text}`
  return code < 500
    ? defer(esc.replace(/^./, '4') as TemporaryCode, line, { code })
    : refuse(esc.replace(/^./, '5') as PermanentCode, line, { code })
}
function unknown(
  router: Router,
  given: MailAddress,
  address: MailAddress,
  found: Extract<Way, { kind: 'unknown' }>,
): Objection {
  const code = rejectCode(found.class, router.options)
  return {
    verdict: objectTo(given, code, '5.1.1', unknownText(found.class, router.options)),
    failure: bounceText(found.class, address, found.domain, router.options),
  }
}
/** Mail for the `error` and `retry` transports is refused with their text: `error:5.1.6 moved away`. */
function errorTransport(recipient: MailAddress, way: Extract<Way, { kind: 'way' }>): Objection | undefined {
  if (way.transport !== 'error' && way.transport !== 'retry') return undefined
  const permanent = way.transport === 'error'
  const split = /^([245]\.\d{1,3}\.\d{1,3})\s+(.*)$/s.exec(way.nexthop)
  const esc = split?.[1] ?? (permanent ? '5.1.1' : '4.1.1')
  return { verdict: objectTo(recipient, permanent ? 550 : 450, esc, split?.[2] ?? way.nexthop) }
}

/**
 * Does another plugin (virtual aliases, relocated addresses) answer for this address? The objection holds only when all
 * of resolve comes to the same end.
 */
async function isExpanded(
  ask: Ask,
  { recipient, given }: { recipient: MailAddress; given: MailAddress },
  objection: Objection,
  call: Call,
): Promise<boolean | Verdict> {
  const resolved = await ask(recipient.text, call)
  if (resolved.kind === 'routes') {
    const same = internal(recipient).toLowerCase()
    return (
      resolved.routes.length > 1 || resolved.routes.some((r) => internal(addressOf(r.address)).toLowerCase() !== same)
    )
  }
  // it is known, but leads in a circle or to too many: told when the message has come
  if (resolved.esc === '4.6.0') return true
  if (!resolved.permanent) return lookupFailure(given, resolved.text)
  return objection.failure === undefined || resolved.text !== objection.failure
}
