/** @postern/rewrite-masquerade: hosts of a domain hidden behind it (Postfix's masquerade_domains). */
import { addressOf, definePlugin, edits, envelope, recipientRewrites } from '@postern/core'
import type { EnvelopeEdit, HeaderEdit, MailAddress } from '@postern/core'
import { headerRewriting, mailAddress, rewriteFields, tokensOf } from '@postern/addresses'
import { z } from 'zod'
import { masquerade } from './masquerade.ts'

const CLASSES = ['envelope_sender', 'envelope_recipient', 'header_sender', 'header_recipient'] as const

export const options = z.strictObject({
  masqueradeDomains: z
    .array(z.string().regex(/^!?[^\s:,/!.][^\s:,/!]*$/, 'expected a domain, or !domain for one that stays'))
    .default([])
    .describe(
      'domains whose hosts are stripped, longer ones first; the first that matches decides, !domain says that it stays',
    ),
  masqueradeExceptions: z.array(z.string()).default([]).describe('users whose addresses stay, on every host'),
  masqueradeClasses: z
    .array(z.enum(CLASSES))
    .default(['envelope_sender', 'header_sender', 'header_recipient'])
    .describe('where addresses are masqueraded'),
})

export default definePlugin({
  name: 'rewrite-masquerade',
  options,
  provides: [recipientRewrites],
  apply(mta, o) {
    if (o.masqueradeDomains.length === 0) return
    const rule = masquerade(o.masqueradeDomains, o.masqueradeExceptions)
    const at = (place: (typeof CLASSES)[number]) => o.masqueradeClasses.includes(place)
    const text = ({ text: given, local, domain }: MailAddress): string => {
      const next = domain === '' ? undefined : rule(local, domain)
      return next === undefined ? given : `${given.slice(0, given.length - domain.length)}${next}`
    }
    // blind copies come in behind this
    if (at('envelope_recipient'))
      mta.provideNamed(recipientRewrites, mta.as ?? 'rewrite-masquerade', {
        knows: () => false,
        rewrite(address) {
          const next = text(address)
          return next === address.text ? address : addressOf(next)
        },
      })
    const envelopeText = (address: string): string => text(addressOf(address))
    mta.cleanup.tap(
      // behind what maps addresses, as Postfix has it
      { body: 'headers', after: ['rewrite-canonical'], origins: ['smtp', 'lmtp', 'submit', 'forward', 'bounce'] },
      (view) => {
        const list: (EnvelopeEdit | HeaderEdit)[] = []
        if (at('envelope_sender') && view.sender !== '' && envelopeText(view.sender) !== view.sender)
          list.push(envelope.setSender(envelopeText(view.sender)))
        if (at('envelope_recipient'))
          for (const { address } of view.recipients)
            if (envelopeText(address) !== address) list.push(envelope.replaceRecipient(address, envelopeText(address)))
        if (view.slots.get(headerRewriting) !== 'none')
          list.push(
            ...rewriteFields(view.header.fields, (_field, isSender) =>
              !at(isSender ? 'header_sender' : 'header_recipient')
                ? undefined
                : (tokens) => {
                    const address = mailAddress(tokens)
                    const next = text(address)
                    return next === address.text ? undefined : tokensOf(next)
                  },
            ),
          )
        return list.length > 0 ? edits(list) : undefined
      },
    )
  },
})
