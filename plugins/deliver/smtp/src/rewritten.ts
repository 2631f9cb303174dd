/** A message's addresses as they go out (`smtp_generic_maps`). */
import type { Call, Deferred, Job, OutgoingRewriter } from '@postern/core'
import { deferred } from '@postern/core'
import type { Rewritten } from './envelope.ts'

/** A table that fails defers: mail does not leave under its inner addresses. */
export async function rewriteOutgoing(job: Job, rewriter: OutgoingRewriter, call: Call): Promise<Rewritten | Deferred> {
  const addresses = new Map<string, string>()
  const { sender } = job.envelope
  for (const address of [sender, ...job.recipients.map((r) => r.address)]) {
    if (address === '' || addresses.has(address)) continue
    const to = await rewriter.address(address, call)
    if (typeof to !== 'string') return away(to.cause)
    addresses.set(address, to)
  }
  const header = await rewriter.header(job.header, call)
  if ('kind' in header) return away(header.cause)
  return { sender: addresses.get(sender) ?? sender, header, addresses }
}
/** Postfix's word: there the client ends itself. */
const away = (cause: string): Deferred => deferred('4.3.0', 'unknown mail transport error', { cause })
