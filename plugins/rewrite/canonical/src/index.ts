/** @postern/rewrite-canonical: addresses mapped to their canonical form (Postfix's canonical(5)). */
import {
  addressClasses,
  addressOf,
  addressRewriter,
  defer,
  definePlugin,
  edits,
  envelope,
  recipientRewrites,
} from '@postern/core'
import type { AnyEdit, DraftView, EnvelopeEdit, HeaderEdit, MailAddress, Table } from '@postern/core'
import {
  eachAddress,
  externalOf,
  headerRewriting,
  isAddressField,
  isSenderField,
  mailAddress,
  rewriteFields,
  tokensOf,
} from '@postern/addresses'
import { addressSite, findAddress } from '@postern/maps'
import { LookupFailed, Mapper } from './mapper.ts'
import { options as schema } from './options.ts'
import type { Place } from './options.ts'

/** The tables that rewrite an address there, in their order. */
type Lists = Readonly<Record<Place, readonly (readonly Table[])[]>>

export default definePlugin({
  name: 'rewrite-canonical',
  options: schema,
  needs: { classes: addressClasses, rewriter: addressRewriter },
  provides: [recipientRewrites],
  apply(mta, o, needs) {
    const lists = listsOf([
      { tables: o.senderCanonicalMaps.map((ref) => mta.table(ref)), places: o.senderCanonicalClasses },
      { tables: o.recipientCanonicalMaps.map((ref) => mta.table(ref)), places: o.recipientCanonicalClasses },
      { tables: o.canonicalMaps.map((ref) => mta.table(ref)), places: o.canonicalClasses },
    ])
    const site = addressSite(mta.site, needs.classes, needs.rewriter)
    const nobody = `MAILER-DAEMON@${mta.site.myhostname}`
    const recipients = [o.recipientCanonicalMaps, o.canonicalMaps].flatMap((refs) => refs.map((ref) => mta.table(ref)))
    mta.provideNamed(recipientRewrites, mta.as ?? 'rewrite-canonical', {
      async knows(address, call) {
        const found = await findAddress(recipients, address, call, site)
        return found.kind === 'failed' ? found : found.kind === 'found'
      },
      async rewrite(address, call) {
        const mapper = new Mapper(site, o.propagateUnmatchedExtensions, call)
        try {
          return await through(lists.envelope_recipient, address, mapper)
        } catch (error) {
          if (!(error instanceof LookupFailed)) throw error
          return error.failure
        }
      },
    })
    mta.cleanup.tap(
      { body: 'headers', origins: ['smtp', 'lmtp', 'submit', 'forward', 'bounce'] },
      async (view, call) => {
        const mapper = new Mapper(site, o.propagateUnmatchedExtensions, call)
        try {
          const list: AnyEdit[] = [
            ...(await envelopeEdits(view, lists, mapper, nobody)),
            ...(await headerEdits(view, lists, mapper)),
          ]
          return list.length > 0 ? edits(list as (EnvelopeEdit | HeaderEdit)[]) : undefined
        } catch (error) {
          if (!(error instanceof LookupFailed)) throw error
          return defer('4.3.0', 'Error: queue file write error', { code: 451, cause: error.failure.cause })
        }
      },
    )
  },
})

function listsOf(all: readonly { tables: readonly Table[]; places: readonly Place[] }[]): Lists {
  const at = (place: Place) =>
    all.filter(({ tables, places }) => tables.length > 0 && places.includes(place)).map(({ tables }) => tables)
  return {
    envelope_sender: at('envelope_sender'),
    envelope_recipient: at('envelope_recipient'),
    header_sender: at('header_sender'),
    header_recipient: at('header_recipient'),
  }
}
async function through(
  lists: readonly (readonly Table[])[],
  address: MailAddress,
  mapper: Mapper,
): Promise<MailAddress> {
  let at = address
  for (const tables of lists) at = await mapper.map(tables, at)
  return at
}

/** `nobody`: who gets mail for the null sender. */
async function envelopeEdits(
  view: DraftView<'headers'>,
  lists: Lists,
  mapper: Mapper,
  nobody: string,
): Promise<EnvelopeEdit[]> {
  const out: EnvelopeEdit[] = []
  if (view.sender !== '' && lists.envelope_sender.length > 0) {
    const sender = await through(lists.envelope_sender, addressOf(view.sender), mapper)
    if (sender.text !== view.sender) out.push(envelope.setSender(sender.text))
  }
  if (lists.envelope_recipient.length === 0) return out
  for (const { address } of view.recipients) {
    const next = await through(lists.envelope_recipient, addressOf(address), mapper)
    if (next.text !== address) out.push(envelope.replaceRecipient(address, next.text || nobody))
  }
  return out
}

/** Lookups first, for they take their time; then the fields are written. */
async function headerEdits(view: DraftView<'headers'>, lists: Lists, mapper: Mapper): Promise<HeaderEdit[]> {
  if (view.slots.get(headerRewriting) === 'none') return []
  const of = (isSender: boolean) => (isSender ? lists.header_sender : lists.header_recipient)
  const found = [new Map<string, MailAddress>(), new Map<string, MailAddress>()] as const
  for (const { name, value } of view.header.fields) {
    const key = name.toLowerCase()
    const isSender = isSenderField(key)
    if (!isAddressField(key) || of(isSender).length === 0) continue
    const all = new Map<string, MailAddress>()
    eachAddress(value, (tokens) => all.set(externalOf(tokens), mailAddress(tokens)))
    for (const [text, address] of all) {
      const next = await through(of(isSender), address, mapper)
      if (next.text !== address.text) found[isSender ? 0 : 1].set(text, next)
    }
  }
  if (found.every((map) => map.size === 0)) return []
  return rewriteFields(view.header.fields, (_field, isSender) => (tokens) => {
    const next = found[isSender ? 0 : 1].get(externalOf(tokens))
    return next && tokensOf(next.text)
  })
}
