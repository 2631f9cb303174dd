/** @postern/policy-relay: who may send through this host, and to where. */
import { addressClasses, claim, definePlugin } from '@postern/core'
import type { Answer, Call, MaybePromise, View } from '@postern/core'
import { isEverybody, networks, parseNetwork } from '@postern/maps'
import { options as schema } from './options.ts'
import type { Options } from './options.ts'
import { closes, isRefusal, judge, then } from './rules.ts'
import type { Knowledge, Outcome, Rule } from './rules.ts'

export default definePlugin({
  name: 'policy-relay',
  options: schema,
  needs: { classes: addressClasses },
  apply(mta, options, needs) {
    const list = (entries: Options['mynetworks']) => networks(entries, (ref) => mta.table(ref))
    const knowledge: Knowledge = {
      options,
      mynetworks: list(options.mynetworks),
      interfaces: list(options.inetInterfaces),
      classes: needs.classes,
    }
    const relay = relayRules(options)
    const recipient = options.smtpdRecipientRestrictions
    const ask = asked((view, call) => mayRelay(knowledge, relay, recipient, view, call))
    mta.relay.tap({ name: 'own' }, (view, call) => then(ask(view, call), claimed))
    // late: another plugin may still claim the recipient (client certificates, backup MX)
    mta.relay.tap({ name: 'others', phase: 'late' }, (view, call) => then(ask(view, call), refused))
    if (recipient.length > 0)
      mta.rcpt.tap((view, call) =>
        isPostmaster(view) ? undefined : then(judge(knowledge, recipient, view, call), refused),
      )
    mta.lifecycle({
      start() {
        const open = options.mynetworks.filter((n) => typeof n === 'string' && everybody(n))
        if (open.length > 0 && relay.includes('permit_mynetworks'))
          mta.log.warn('relay.open', { text: 'mynetworks holds every client: this is an open relay', open })
      },
    })
  },
})

/** Own networks, clients that have authenticated, then own destinations. */
function relayRules(options: Options): readonly Rule[] {
  if (options.smtpdRelayRestrictions) return options.smtpdRelayRestrictions
  const sasl: Rule[] = options.permitSaslAuthenticated === false ? [] : ['permit_sasl_authenticated']
  const others: Rule = options.unauthDestination === 'reject' ? 'reject_unauth_destination' : 'defer_unauth_destination'
  return ['permit_mynetworks', ...sasl, others]
}

/** A list that refuses nobody says nothing of relaying: then the second one does, before anybody's permit at rcpt. */
function mayRelay(
  k: Knowledge,
  relay: readonly Rule[],
  recipient: readonly Rule[],
  view: View<'relay'>,
  call: Call,
): MaybePromise<Outcome> {
  if (isPostmaster(view)) return { why: 'the postmaster' }
  const first = judge(k, relay, view, call)
  return closes(relay)
    ? first
    : then(first, (outcome) => (isRefusal(outcome) ? outcome : judge(k, recipient, view, call)))
}
/** Without a domain the postmaster takes mail from everybody (RFC 5321 section 4.5.1). */
const isPostmaster = ({ recipientGiven }: View<'relay'>): boolean =>
  recipientGiven.domain === '' && /^postmaster$/i.test(recipientGiven.local)

const claimed = (outcome: Outcome): Answer<'relay'> | undefined =>
  isRefusal(outcome) ? undefined : claim(outcome.why || 'passed by the rules')
const refused = (outcome: Outcome) => (isRefusal(outcome) ? outcome : undefined)

type Ask = (view: View<'relay'>, call: Call) => MaybePromise<Outcome>
/** Asks once for the two taps: each RCPT has a view of its own. */
function asked(ask: Ask): Ask {
  const known = new WeakMap<View<'relay'>, MaybePromise<Outcome>>()
  return (view, call) => {
    let outcome = known.get(view)
    if (outcome === undefined) known.set(view, (outcome = ask(view, call)))
    return outcome
  }
}

function everybody(text: string): boolean {
  const network = parseNetwork(text)
  return !('problem' in network) && isEverybody(network)
}
