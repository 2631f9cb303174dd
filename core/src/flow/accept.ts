/** The one way in: cleanup, then commit. Whatever brought the draft, it passes here, and 250 is said only behind it. */
import { traceOf } from '../errors.ts'
import type { Reply } from '../contract/facts.ts'
import type { BodySource, NewMessage, RecipientSeed } from '../contract/store.ts'
import type { Trace } from '../contract/call.ts'
import type { Graph, ListenerHooks } from '../graph/graph.ts'
import type { AbortScope } from '../hooks/call.ts'
import type { Result } from '../hooks/guard.ts'
import { messageSize } from '../message.ts'
import { runStage } from './engine.ts'
import type { Engine } from './engine.ts'
import type { Draft } from './draft.ts'
import { cutFields } from './header.ts'
import { NO_RECIPIENTS, TOO_MANY_HOPS, WRITE_ERROR, queuedAs, replyOf } from './replies.ts'

export interface Accepted {
  readonly reply: Reply
  /** set when the message is in the queue */
  readonly id?: string
  /** who refused, for the log */
  readonly by?: string
  readonly cause?: unknown
}
export interface AcceptContext {
  readonly engine: Engine
  readonly graph: Graph
  readonly hooks: ListenerHooks
  readonly scope: AbortScope
  readonly trace?: Trace
  readonly reason: string
}

export async function accept(draft: Draft, context: AcceptContext): Promise<Accepted> {
  const { graph } = context
  if (draft.header.hops() >= graph.settings.hopcountLimit) {
    draft.stored.abort?.()
    return { reply: TOO_MANY_HOPS, by: 'core' }
  }
  const refused =
    (await cleanup(draft, context)) ??
    (draft.envelope.recipients.length === 0 ? { reply: NO_RECIPIENTS, by: 'core' } : undefined)
  if (refused) {
    draft.stored.abort?.()
    return refused
  }
  // under explain the message ends here
  if (context.trace) return { reply: queuedAs(draft.id) }
  return commit(draft, context)
}

async function cleanup(draft: Draft, c: AcceptContext): Promise<Accepted | undefined> {
  const ids = { id: draft.id, ...(draft.session && { session: draft.session.id }) }
  const frame = { scope: c.scope, clock: c.engine.clock, log: c.graph.log, trace: c.trace, edits: draft, ids }
  const answer = runStage(c.hooks.hooks, 'cleanup', draft as never, frame)
  const result = answer instanceof Promise ? await answer : answer
  if (!result) return undefined
  if (result.verdict?.kind === 'discard') return dropped(draft, c, result)
  const refusal = replyOf(result)
  if (!refusal) return undefined
  const by = result.by.use.name
  const cause = result.fault?.cause ?? (result.verdict as { cause?: unknown } | undefined)?.cause
  // nobody is there to be told: the operator decides
  if (draft.origin.kind === 'bounce' && !result.fault) {
    draft.envelope.hold = {
      by,
      reason: `cleanup refused this bounce: ${refusal.code} ${refusal.esc} ${[refusal.text].flat().join(' ')}`,
    }
    c.graph.log.error('bounce.held', { id: draft.id, by, reply: refusal })
    return undefined
  }
  return { reply: refusal, by, cause }
}
function dropped(draft: Draft, c: AcceptContext, result: Result): Accepted {
  if (!c.trace)
    c.graph.facts.discarded?.({ messageId: draft.id, by: result.by.use.name, sender: draft.envelope.sender })
  return { reply: queuedAs(draft.id) }
}

/** Who is named twice, with the same wishes, gets one: Postfix's duplicate filter, for which case does not count. */
function distinct(recipients: readonly RecipientSeed[]): readonly RecipientSeed[] {
  if (recipients.length < 2) return recipients
  const by = new Map<string, RecipientSeed>()
  for (const r of recipients) {
    const key = `${r.address}\n${r.original}\n${r.orcpt}\n${r.notify}`.toLowerCase()
    if (!by.has(key)) by.set(key, r)
  }
  return by.size === recipients.length ? recipients : [...by.values()]
}
async function commit(draft: Draft, c: AcceptContext): Promise<Accepted> {
  const { engine, graph } = c
  const e = draft.envelope
  const whole = draft.header.toBuffer()
  const { headerSizeLimit } = graph.settings
  // what was rewritten may have grown
  const header = whole.length > headerSizeLimit ? cutFields(whole, headerSizeLimit) : whole
  let committed: NewMessage
  let size: number
  try {
    const body = draft.replaced ? await storedAgain(engine, draft.replaced) : draft.stored
    const message: NewMessage = {
      id: draft.id,
      envelope: {
        sender: e.sender,
        origin: draft.origin,
        created: engine.clock.now(),
        client: clientOf(draft),
        smtputf8: draft.smtputf8,
        headerOnly: draft.endsWithHeader || undefined,
        body: draft.body7or8,
        envid: draft.envid,
        ret: draft.ret,
        trace: draft.trace,
        marks: e.marks.all(),
        route: e.route,
        reason: c.reason,
      },
      recipients: distinct(e.recipients),
      header,
      body,
      held: e.hold,
    }
    await engine.store.commit(message)
    size = messageSize(message)
    committed = message
  } catch (error) {
    graph.log.error('queue.commitFailed', { id: draft.id, cause: traceOf(error) })
    draft.stored.abort?.()
    return { reply: WRITE_ERROR, by: 'queue', cause: error }
  }
  // behind this line the message is ours: whatever goes wrong with it is the queue's business, not the client's
  if (draft.replaced) draft.stored.abort?.()
  try {
    tell(draft, c, size)
  } catch (error) {
    graph.log.error('queue.fault', { id: draft.id, cause: traceOf(error) })
  }
  try {
    engine.queue.committed(committed)
  } catch (error) {
    graph.log.error('queue.fault', { id: draft.id, cause: traceOf(error) })
  }
  const { inFlowDelay } = graph.settings
  // who brings mail faster than it goes out waits a little for his 250 (Postfix's in_flow_delay)
  if (inFlowDelay > 0 && draft.session) {
    const waits = engine.queue.isBehind ? pause(engine, inFlowDelay) : engine.queue.pace.wait(inFlowDelay)
    if (waits) await waits
  }
  return { reply: queuedAs(draft.id), id: draft.id }
}
function pause(engine: Engine, ms: number): Promise<void> {
  return new Promise((done) => {
    const timer = engine.clock.after(ms, () => {
      off()
      done()
    })
    const off = engine.scope.onAbort(() => {
      timer.cancel()
      done()
    })
  })
}
function tell(draft: Draft, c: AcceptContext, size: number): void {
  const told = c.graph.facts.received
  if (!told) return
  told({
    messageId: draft.id,
    origin: draft.origin,
    sender: draft.envelope.sender,
    recipients: draft.envelope.recipients.length,
    size,
    session: draft.session,
    headerMessageId: draft.header.get('message-id'),
  })
}
function clientOf(draft: Draft): NewMessage['envelope']['client'] {
  const s = draft.session
  return (
    s && {
      address: s.client.address,
      name: s.client.name,
      helo: s.helo?.name,
      protocol: s.protocol === 'lmtp' ? 'LMTP' : s.helo?.verb === 'EHLO' ? 'ESMTP' : 'SMTP',
      user: s.auth?.user,
    }
  )
}
async function storedAgain(engine: Engine, bytes: Uint8Array): Promise<BodySource> {
  const sink = engine.store.body(bytes.length)
  await sink.write(bytes)
  return sink.end()
}
