/** @postern/policy-relay: who may send through this host, and to where. */
import { addressClasses, claim, defer, definePlugin, asGiven, refuse } from '@postern/core'
import type { AddressClasses, Answer, ClassAnswer, MailAddress, TapFn, View } from '@postern/core'
import { isEverybody, networks, parseNetwork } from '@postern/maps'
import type { Member, Networks } from '@postern/maps'
import { options as schema } from './options.ts'
import type { Options } from './options.ts'
import { isSenderRouted } from './routing.ts'

type Tap = TapFn<View<'relay'>, Answer<'relay'>>
type RelayAnswer = Answer<'relay'> | undefined

export default definePlugin({
  name: 'policy-relay',
  options: schema,
  needs: { classes: addressClasses },
  apply(mta, options, needs) {
    const known = networks(options.mynetworks, (ref) => mta.table(ref))
    mta.relay.tap({ name: 'own' }, claims(known, needs, options))
    // late: another plugin may still claim the recipient (client certificates, backup MX)
    mta.relay.tap({ name: 'others', phase: 'late' }, ({ recipientGiven }) => denied(recipientGiven, options))
    mta.lifecycle({
      start() {
        const open = options.mynetworks.filter((n) => typeof n === 'string' && everybody(n))
        if (open.length)
          mta.log.warn('relay.open', { text: 'mynetworks holds every client: this is an open relay', open })
      },
    })
  },
})

/** Own networks, clients that have authenticated, then own destinations; nothing else is claimed. */
function claims(known: Networks, needs: { readonly classes: AddressClasses }, options: Options): Tap {
  const destination = (view: View<'relay'>, call: Parameters<Tap>[1]): ReturnType<Tap> => {
    if (!options.allowUntrustedRouting && isSenderRouted(view.recipient)) return undefined
    const answer = needs.classes.classOf(view.recipient, call)
    return answer instanceof Promise ? answer.then((a) => byClass(view, a)) : byClass(view, answer)
  }
  const decide = (member: Member, view: View<'relay'>, call: Parameters<Tap>[1]): ReturnType<Tap> => {
    if (member === true) return claim('own network')
    if (options.permitSaslAuthenticated && view.session.auth) return claim(`authenticated as ${view.session.auth.user}`)
    if (member !== false) return lookupFailure(view.recipientGiven, member.cause)
    return destination(view, call)
  }
  return (view, call) => {
    const member = known.has(view.session.client.address, call)
    return member instanceof Promise ? member.then((m) => decide(m, view, call)) : decide(member, view, call)
  }
}

function byClass({ recipientGiven }: View<'relay'>, answer: ClassAnswer): RelayAnswer {
  if (answer.kind === 'failed') return lookupFailure(recipientGiven, answer.cause)
  return answer.class === 'default' ? undefined : claim('own destination')
}
const lookupFailure = (recipient: MailAddress, cause: string): RelayAnswer =>
  defer('4.3.0', `<${asGiven(recipient)}>: Temporary lookup failure`, { code: 451, cause })

function denied(recipient: MailAddress, options: Options): RelayAnswer {
  const text = `<${asGiven(recipient)}>: Relay access denied`
  return options.unauthDestination === 'reject'
    ? refuse('5.7.1', text, { code: options.relayDomainsRejectCode })
    : defer('4.7.1', text, { code: softened(options.relayDomainsRejectCode) })
}

const softened = (code: number): number => (code >= 500 ? code - 100 : code)

function everybody(text: string): boolean {
  const network = parseNetwork(text)
  return !('problem' in network) && isEverybody(network)
}
