/** @postern/route-verify: addresses of our own that nobody knows are refused in the session, so that no bounce about them is ever needed. */
import {
  NULL_SENDER,
  addressClasses,
  addressRewriter,
  addressWays,
  definePlugin,
  edits,
  recipientRewrites,
  recipientTables,
  session,
} from '@postern/core'
import type { AddressRewriter, Answer, Call, MaybePromise, Mta, TableRef, TapFn, View } from '@postern/core'
import { addressSite } from '@postern/maps'
import { options as schema } from './options.ts'
import { recipientLists } from './tables.ts'
import { unlisted } from './unlisted.ts'
import type { Knowledge } from './unlisted.ts'
import type { Verdict } from './verdicts.ts'

/** Without a rewriter addresses are taken as they are. */
const asTheyAre: AddressRewriter = { standard: (address) => address, within: () => undefined }

export default definePlugin({
  name: 'route-verify',
  options: schema,
  needs: {
    classes: addressClasses,
    ways: addressWays,
    rewriter: addressRewriter,
    rewrites: recipientRewrites,
  },
  optional: ['rewriter'],
  provides: [recipientTables],
  apply(mta, options, needs) {
    const open = (refs: readonly TableRef[] | undefined) => refs?.map((ref) => mta.table(ref))
    const lists = recipientLists(
      {
        local: open(options.localRecipientMaps),
        virtualMailbox: open(options.virtualMailboxMaps),
        relay: open(options.relayRecipientMaps),
      },
      addressSite(mta.site, needs.classes, needs.rewriter ?? asTheyAre),
      { tableName: options.showUserUnknownTableName },
    )
    mta.provideNamed(recipientTables, mta.name, lists)
    const knowledge: Knowledge = { options, ways: needs.ways, lists, rewrites: needs.rewrites, resolve: mta.resolve }
    // early: a permit of a policy tap must not let in a recipient that could only bounce
    if (options.smtpdRejectUnlistedRecipient) mta.rcpt.tap({ phase: 'early' }, recipients(knowledge))
    if (options.smtpdRejectUnlistedSender) tapSenders(mta, knowledge)
  },
})

/** Said behind policy, as Postfix does it: a policy's text goes first. */
const later = (verdict: Verdict | undefined) => verdict && edits([session.refuseLater(verdict)])

function recipients(knowledge: Knowledge): TapFn<View<'rcpt'>, Answer<'rcpt'>> {
  return ({ sender, recipient: address, recipientGiven: given }, call) => {
    const verdict = unlisted(knowledge, { role: 'Recipient', address, given, sender }, call)
    return verdict instanceof Promise ? verdict.then(later) : later(verdict)
  }
}

/** Twice: behind all that policy says of the sender, and where a permit ends that list, in spite of it. */
function tapSenders(mta: Mta, knowledge: Knowledge): void {
  const known = new WeakMap<View<'mail'>, MaybePromise<Verdict | undefined>>()
  const ask = (view: View<'mail'>, call: Call): MaybePromise<Verdict | undefined> => {
    const { sender: address, senderGiven: given } = view
    if (address.text === '') return undefined
    return unlisted(knowledge, { role: 'Sender', address, given, sender: NULL_SENDER }, call)
  }
  mta.mail.tap({ name: 'permitted', phase: 'early' }, (view, call) => {
    const verdict = ask(view, call)
    known.set(view, verdict)
    return verdict instanceof Promise ? verdict.then(later) : later(verdict)
  })
  mta.mail.tap({ name: 'unlisted', phase: 'late' }, (view) => known.get(view))
}
