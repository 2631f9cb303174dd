/** Mail that no client brings: bounces, forwards, submissions of plugins. It passes the same cleanup and commit. */
import type { DraftRecipient, MessageDraft } from '../contract/verdicts.ts'
import type { Origin } from '../contract/views.ts'
import { parseAddress } from '../address.ts'
import { PosternError } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import { accept } from './accept.ts'
import { toCrlf } from './body.ts'
import { Characters, DISALLOWED } from './characters.ts'
import { Draft, EnvelopeState } from './draft.ts'
import type { Engine } from './engine.ts'
import { Header, cutFields, endsWithHeader, findBody } from './header.ts'
import { received } from './received.ts'
import { printReply } from './replies.ts'
import { StrayCr } from './stray.ts'

export interface SubmitOrigin {
  readonly kind: 'submit' | 'forward' | 'bounce'
  readonly of?: string
}
/** The id, once durable. Rejects with PN_REFUSED when an address is none, or cleanup or the store refuse. */
export async function submit(
  engine: Engine,
  graph: Graph,
  m: MessageDraft,
  origin: SubmitOrigin,
  by: string,
): Promise<string> {
  const id = engine.store.newId()
  const given = toCrlf(
    typeof m.content === 'string' || m.content instanceof Uint8Array ? m.content : Buffer.concat(m.content),
  )
  const lines = graph.settings.cleanupReplaceStrayCrLf ? new StrayCr().clean(given) : given
  const characters = Characters.of(graph.settings)
  const content = characters ? characters.clean(lines) : lines
  // what we say ourselves is not judged
  if (characters?.found !== undefined && origin.kind !== 'bounce')
    throw new PosternError('PN_REFUSED', printReply(DISALLOWED), { cause: `content ${characters.found}` })
  const cut = findBody(content, true)
  const sink = engine.store.body(content.length - cut.body)
  let draft: Draft
  try {
    const envelope = envelopeOf(m, graph)
    if (cut.body < content.length) await sink.write(content.subarray(cut.body))
    const header = new Header(cutFields(content.subarray(0, cut.header), graph.settings.headerSizeLimit))
    draft = new Draft(id, originOf(origin, by), envelope, header, await sink.end())
  } catch (error) {
    sink.abort()
    throw new PosternError('PN_REFUSED', (error as Error).message, { cause: error })
  }
  draft.headerOnly = endsWithHeader(cut, content.length)
  draft.smtputf8 = m.smtputf8 ?? false
  draft.body7or8 = m.body
  draft.envid = m.envid
  draft.ret = m.ret
  draft.trace = m.trace
  draft.header.prepend(received({ site: graph.settings, id, at: engine.clock.now() }))
  const reason = origin.of ? `${origin.kind} of ${origin.of} by ${by}` : `submitted by ${by}`
  const accepted = await accept(draft, { engine, graph, hooks: graph.plain, scope: engine.scope, reason })
  // discarded mail was accepted: the caller has nothing to do about it
  if (accepted.id !== undefined || accepted.reply.code < 300) return id
  throw new PosternError('PN_REFUSED', printReply(accepted.reply), { cause: accepted.cause })
}
function envelopeOf(m: MessageDraft, graph: Graph): EnvelopeState {
  const e = new EnvelopeState(graph)
  const address = (text: string) => {
    const a = parseAddress(text, { lenient: true })
    if (!a) throw new TypeError(`${JSON.stringify(text)} is not an address`)
    return graph.rewriter.standard(a).text
  }
  e.sender = m.sender === '' ? '' : address(m.sender)
  for (const r of m.recipients) {
    const seed: DraftRecipient = typeof r === 'string' ? { address: r } : r
    const isBad = m.returnBadRecipients && !parseAddress(seed.address, { lenient: true })
    e.recipients.push({
      ...seed,
      address: isBad ? seed.address : address(seed.address),
      original: seed.original ?? seed.address,
    })
  }
  return e
}
const originOf = (o: SubmitOrigin, by: string): Origin =>
  o.kind === 'submit' ? { kind: 'submit', by } : { kind: o.kind, by, of: o.of ?? '' }
