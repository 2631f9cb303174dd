/** Lists of rules as Postfix writes them (smtpd_relay_restrictions, smtpd_recipient_restrictions): the first that decides, ends the list. */
import { asGiven, defer, refuse } from '@postern/core'
import type { AddressClasses, Call, ClassAnswer, Defer, MailAddress, MaybePromise, Refuse, View } from '@postern/core'
import type { Member, Networks } from '@postern/maps'
import type { Options } from './options.ts'
import { isSenderRouted } from './routing.ts'

export const RULES = [
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
] as const
export type Rule = (typeof RULES)[number]
/** One of these must be there, or the list is an open relay. */
export const closes = (rules: readonly Rule[]): boolean => rules.some((rule) => /^(reject|defer|check)/.test(rule))

export type Refusal = Refuse | Defer
/** `why`: a rule permitted; `''`: none decided, which permits too */
export type Outcome = { readonly why: string } | Refusal
export const isRefusal = (outcome: Outcome): outcome is Refusal => 'kind' in outcome

export interface Knowledge {
  readonly options: Options
  readonly mynetworks: Networks
  readonly interfaces: Networks
  readonly classes: AddressClasses
}
type RcptView = View<'relay'>

/** What `rules` say of a recipient. Does not throw: what cannot be found out is deferred. */
export function judge(k: Knowledge, rules: readonly Rule[], view: RcptView, call: Call): MaybePromise<Outcome> {
  return from(0)

  function from(start: number): MaybePromise<Outcome> {
    for (let at = start; at < rules.length; at++) {
      const said = apply(k, rules, at, view, call)
      if (said instanceof Promise) return said.then((outcome) => outcome ?? from(at + 1))
      if (said) return said
    }
    return UNDECIDED
  }
}
const UNDECIDED: Outcome = { why: '' }

function apply(
  k: Knowledge,
  rules: readonly Rule[],
  at: number,
  view: RcptView,
  call: Call,
): MaybePromise<Outcome | undefined> {
  const { options } = k
  const { client, auth } = view.session
  const byMember = (why: string) => (member: Member) => {
    if (typeof member === 'boolean') return member ? { why } : undefined
    // a table that is away is nothing to somebody who has authenticated
    const trusted = auth && rules.indexOf('permit_sasl_authenticated') > at
    return trusted ? undefined : lookupFailure(view.recipientGiven, member.cause)
  }
  switch (rules[at]!) {
    case 'permit_mynetworks':
      return then(k.mynetworks.has(client.address, call), byMember('own network'))
    case 'permit_inet_interfaces':
      return then(k.interfaces.has(client.address, call), byMember('own interface'))
    case 'permit_sasl_authenticated':
      return auth && { why: `authenticated as ${auth.user}` }
    case 'permit':
      return { why: 'permit' }
    case 'reject':
      return rejected(view, options.rejectCode, '7.1', 'Access denied')
    case 'defer':
      return rejected(view, options.deferCode, '3.2', 'Try again later')
    case 'permit_auth_destination':
      return then(destination(k, view, call), (own) => (own === false ? undefined : own))
    case 'reject_unauth_destination':
      return then(destination(k, view, call), (own) =>
        unlessOwn(own, () => denied(view, options.relayDomainsRejectCode)),
      )
    case 'defer_unauth_destination':
      return then(destination(k, view, call), (own) =>
        unlessOwn(own, () => denied(view, options.relayDomainsRejectCode - 100)),
      )
    case 'check_relay_domains':
      return then(relayClient(k, client.name, call), (relayed) => {
        if (relayed) return { why: 'a client in relay_domains' }
        return then(destination(k, view, call), (own) =>
          own === false ? rejected(view, options.relayDomainsRejectCode, '7.1', 'Relay access denied') : own,
        )
      })
  }
}
/** Without a promise where there was none. */
export const then = <T, R>(value: MaybePromise<T>, fn: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(fn) : fn(value)

/** `false`: not ours, or routed on by the sender, so that nobody knows whose it is. */
function destination(
  { options, classes }: Knowledge,
  view: RcptView,
  call: Call,
): MaybePromise<{ readonly why: string } | Refusal | false> {
  if (!options.allowUntrustedRouting && isSenderRouted(view.recipient)) return false
  return then(classes.classOf(view.recipient, call), (answer: ClassAnswer) => {
    if (answer.kind === 'failed') return lookupFailure(view.recipientGiven, answer.cause)
    return answer.class !== 'default' && { why: 'own destination' }
  })
}
const unlessOwn = (own: Outcome | false, denied: () => Refusal): Outcome | undefined => {
  if (own === false) return denied()
  return isRefusal(own) ? own : undefined
}
/** A client whose verified name is in relay_domains. */
const relayClient = ({ classes }: Knowledge, name: string, call: Call): MaybePromise<boolean> =>
  then(
    classes.classOf({ text: `@${name}`, local: '', domain: name }, call),
    (answer) => answer.kind === 'class' && answer.class === 'relay',
  )

const lookupFailure = (given: MailAddress, cause: string): Refusal =>
  defer('4.3.0', `<${asGiven(given)}>: Temporary lookup failure`, { code: 451, cause })
const denied = ({ recipientGiven }: RcptView, code: number): Refusal =>
  code < 400
    ? defer('4.7.1', 'Service unavailable', { code: 450, cause: `relayDomainsRejectCode gives no reply code: ${code}` })
    : refusal(code, '7.1', `<${asGiven(recipientGiven)}>: Relay access denied`)
const rejected = ({ recipientGiven }: RcptView, code: number, detail: Detail, text: string): Refusal =>
  refusal(code, detail, `<${asGiven(recipientGiven)}>: Recipient address rejected: ${text}`)

type Detail = `${number}.${number}`
/** An operator's code may be of either kind, and the enhanced one follows it. */
const refusal = (code: number, detail: Detail, text: string): Refusal =>
  code < 500
    ? defer(`4.${detail}` as `4.${number}.${number}`, text, { code })
    : refuse(`5.${detail}` as `5.${number}.${number}`, text, { code })
