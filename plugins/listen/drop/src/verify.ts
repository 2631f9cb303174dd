/**
 * sendmail -bv: where mail for these addresses would go, told by mail; nothing is delivered. Aliases are followed to their
 * ends as for mail. Transports are not asked, since the core has no delivery that ends before the data: that a mailbox or a
 * next hop takes a recipient is known only as far as its address class says so.
 */
import type { Call, DraftRecipient, MessageDraft, Mta, Site } from '@postern/core'
import { addressOf, ownCall } from '@postern/core'
import { reportOf, typed } from './report.ts'
import type { Told } from './report.ts'

/** ms for all addresses of one call */
const PATIENCE = 60_000

export interface Asked {
  readonly message: MessageDraft
  /** recipients that are no addresses */
  readonly bad: readonly DraftRecipient[]
}
/** The report to the sender. Never rejects: an address that cannot be resolved now is one of its lines. */
export async function verified({ message, bad }: Asked, mta: Pick<Mta, 'resolve' | 'site' | 'clock' | 'log'>) {
  const { site, clock, log } = mta
  const { call, done } = ownCall(clock, log, PATIENCE)
  const recipients: Told[] = bad.map(({ address }) =>
    told(site, address, { address, esc: '5.1.3', what: 'bad address syntax' }),
  )
  for (const one of message.recipients) {
    const asked = atOrigin(typeof one === 'string' ? one : one.address, site)
    recipients.push(...(await ends(asked, mta.resolve, call, site)))
  }
  done()
  const parts = {
    subject: 'Mail Delivery Status Report',
    sender: message.sender,
    text: ['Enclosed is the mail delivery report that you requested.', '', '                   The mail system'],
    recipients,
    content: message.content as Uint8Array,
    now: clock.now(),
  }
  return reportOf(parts, site)
}

async function ends(asked: string, resolve: Mta['resolve'], call: Call, site: Site): Promise<Told[]> {
  try {
    call.signal.throwIfAborted()
    const found = await resolve(asked, call)
    if (found.kind === 'failed') return [told(site, asked, { address: asked, esc: found.esc, what: found.text })]
    return [
      ...found.routes.map((r) => told(site, asked, { address: atOrigin(r.address, site), ...routed(r) })),
      ...found.failures.map((f) => told(site, asked, { address: atOrigin(f.address, site), esc: f.esc, what: f.text })),
    ]
  } catch (cause) {
    call.log.warn('drop.unverified', { address: asked, cause })
    return [told(site, asked, { address: asked, esc: '4.3.0', what: 'address resolution failed for the moment' })]
  }
}
const MISCONFIGURED = { esc: '4.3.5', what: 'mail system configuration error' }
/** Postfix's error and retry transports say in the next hop what becomes of the mail: a code, whose class does not count, and a text. */
function routed({ transport, nexthop }: { readonly transport: string; readonly nexthop: string }) {
  if (transport !== 'error' && transport !== 'retry') {
    const to = nexthop === '' ? transport : `${transport}:${nexthop}`
    return { esc: '2.0.0', what: `delivery via ${to}: routed, the transport was not asked` }
  }
  const [, detail = '0.0', what = ''] = /^\s*(?:[245]\.(\d{1,3}\.\d{1,3})(?=\s|$))?\s*([^]*?)\s*$/.exec(nexthop)!
  return what === '' ? MISCONFIGURED : { esc: `${transport === 'retry' ? 4 : 5}.${detail}`, what }
}
function told(site: Site, asked: string, r: Pick<Told, 'address' | 'esc' | 'what'>): Told {
  const what = r.what.replace(/\s+/g, ' ')
  return {
    address: r.address,
    original: `${typed(asked)};${asked}`,
    from: r.address.toLowerCase() === asked.toLowerCase() ? undefined : asked,
    action: r.esc.startsWith('2') ? 'deliverable' : 'undeliverable',
    esc: r.esc,
    what,
    diagnostic: `X-${site.mailName.replace(/[^A-Za-z0-9-]+/g, '-')}; ${what}`,
  }
}
function atOrigin(address: string, site: Site): string {
  const a = addressOf(address)
  return a.domain === '' ? `${a.text}@${site.myorigin}` : a.text
}
