/** @postern/route-virtual: recipients redirected by tables (Postfix's virtual(5)). */
import {
  addressClasses,
  addressOf,
  addressRewriter,
  defer,
  definePlugin,
  edits,
  envelope,
  expand,
  internal,
  mark,
  tableRef,
} from '@postern/core'
import type { MailAddress } from '@postern/core'
import { addressSite, mapAddress } from '@postern/maps'
import { z } from 'zod'
import { Noted } from './noted.ts'
import type { Expansion } from './noted.ts'

/** the core's, for circles and limits */
const EXPANSION_ERROR = '4.6.0'
/** Nobody knows behind commit by which listener a message came. */
const UNMAPPED = mark('route-virtual.unmapped', z.boolean())

export const options = z.strictObject({
  virtualAliasMaps: z
    .array(tableRef())
    .default([])
    .describe('tables of addresses and the addresses, local or not, that mail for them goes to instead'),
  propagateUnmatchedExtensions: z
    .boolean()
    .default(true)
    .describe('does mail for user+ext go to other+ext where only user was found?'),
  noAddressMappings: z
    .boolean()
    .default(false)
    .describe('mail that comes in is not redirected, as a content filter wants it; said of a listener, or of all'),
  virtualAliasAddressLengthLimit: z
    .number()
    .int()
    .positive()
    .default(1000)
    .describe('bytes of an address that comes out; a longer one, of an alias that grows and grows, defers the mail'),
})

export default definePlugin({
  name: 'route-virtual',
  options,
  needs: { classes: addressClasses, rewriter: addressRewriter },
  apply(
    mta,
    { virtualAliasMaps, propagateUnmatchedExtensions, virtualAliasAddressLengthLimit, noAddressMappings },
    needs,
  ) {
    const tables = virtualAliasMaps.map((ref) => mta.table(ref))
    if (tables.length === 0) return
    mta.mark(UNMAPPED)
    const site = addressSite(mta.site, needs.classes, needs.rewriter)
    const noted = new Noted()
    // mail for the null sender
    const nobody = `MAILER-DAEMON@${mta.site.myhostname}`
    // what stood in the local part of another is looked up no more: Postfix finds it behind its aliases, too
    const wasWithin = ({ text }: MailAddress, [parent]: readonly string[]) =>
      parent !== undefined && needs.rewriter.within(addressOf(parent))?.text === text
    mta.resolve.tap(({ messageId, recipient, final, ancestors, marks }, call) => {
      // an alias that names itself has been expanded: what is left is to deliver it
      if (final || marks.get(UNMAPPED) || wasWithin(recipient, ancestors)) return undefined
      const answer = (found: Awaited<ReturnType<typeof mapAddress>>) => {
        if (found === undefined) return undefined
        if ('kind' in found) return defer('4.3.0', 'Temporary lookup failure', { cause: found.cause })
        if (found.some((a) => Buffer.byteLength(internal(a)) > virtualAliasAddressLengthLimit))
          return defer(EXPANSION_ERROR, 'Alias expansion error', {
            cause: `${recipient.text} becomes an address of more than ${virtualAliasAddressLengthLimit} bytes`,
          })
        // an address that stands for itself alone goes on to those who know its way
        return found.every((a) => a.text.toLowerCase() === recipient.text.toLowerCase())
          ? undefined
          : expand(found.map((a) => a.text || nobody))
      }
      const known = noted.take(messageId, recipient.text)
      if (known) return answer(known.found)
      const found = mapAddress(tables, recipient, call, site, propagateUnmatchedExtensions)
      return found instanceof Promise ? found.then(answer) : answer(found)
    })
    // reports of our own are redirected in any case
    if (noAddressMappings)
      return mta.cleanup.tap({ body: 'none', origins: ['smtp', 'lmtp', 'submit'] }, () =>
        edits([envelope.mark(UNMAPPED, true)]),
      )
    // late: what is expanded are the recipients as they will be
    mta.cleanup.tap({ body: 'none', phase: 'late' }, async ({ id, recipients }, call) => {
      const all = new Map<string, Expansion>()
      for (const { address } of recipients) {
        const asked = mapAddress(tables, addressOf(address), call, site, propagateUnmatchedExtensions)
        const found = asked instanceof Promise ? await asked : asked
        if (found === undefined) {
          all.set(address, found)
          continue
        }
        if ('kind' in found) return defer('4.3.0', 'Error: queue file write error', { code: 451, cause: found.cause })
        const resolved = await mta.resolve(address, call)
        const ends = resolved.kind === 'failed' ? [resolved] : resolved.failures
        if (ends.some(({ esc }) => esc === EXPANSION_ERROR))
          return defer(EXPANSION_ERROR, 'Alias expansion error', { code: 451 })
        all.set(address, found)
      }
      // under explain nothing is resolved behind it
      if (!call.dry) noted.put(id, all)
      return undefined
    })
  },
})
