/** Tells the sender what became of mail; the report is durable before the failure is settled. */
import { traceOf } from '../errors.ts'
import type { MessageDraft } from '../contract/verdicts.ts'
import type { ReportRecipient, ReportView } from '../contract/views.ts'
import type { QueuedMessage } from '../contract/store.ts'
import type { Graph } from '../graph/graph.ts'
import type { RoundResult } from './active.ts'
import { runStage } from './engine.ts'
import type { Engine } from './engine.ts'
import { gapOf, messageSize } from '../message.ts'
import { Header } from './header.ts'
import { MarkStore } from './slots.ts'

export type Submit = (draft: MessageDraft, origin: { kind: 'bounce'; of: string }, by: string) => Promise<string>

/** True when the report is durable, or none is due. False: try again later, nothing may be settled. */
export async function sendReport(
  engine: Engine,
  graph: Graph,
  message: QueuedMessage,
  why: ReportView['why'],
  results: readonly RoundResult[],
  submit: Submit,
): Promise<boolean> {
  const frame = { scope: engine.scope, clock: engine.clock, log: graph.log }
  try {
    const result = await runStage(
      graph.root,
      'report',
      viewOf(message, why, results, graph.settings.maximalQueueLifetime),
      frame,
    )
    if (!result) {
      graph.log.error('report.nobody', { id: message.id, hint: 'no plugin makes reports: add "ops-bounce"' })
      return false
    }
    if (result.fault) return false
    const verdict = result.verdict as { kind: 'report'; draft: MessageDraft } | { kind: 'silent'; reason: string }
    if (verdict.kind === 'silent') {
      graph.log.info('report.silent', { id: message.id, why, reason: verdict.reason })
      return true
    }
    const id = await submit(verdict.draft, { kind: 'bounce', of: message.id }, result.by.use.name)
    graph.log.info('report.sent', {
      id: message.id,
      why,
      as: id,
      to: verdict.draft.recipients.map((r) => (typeof r === 'string' ? r : r.address)),
    })
    return true
  } catch (error) {
    graph.log.error('report.failed', {
      id: message.id,
      cause: traceOf(error),
    })
    return false
  }
}

function viewOf(
  m: QueuedMessage,
  why: ReportView['why'],
  results: readonly RoundResult[],
  lifetime: number,
): ReportView {
  const header = new Header(m.header)
  return {
    why,
    messageId: m.id,
    sender: m.envelope.sender,
    origin: m.envelope.origin,
    recipients: results.map((r) =>
      reportRecipient(why, r, m.envelope.created + lifetime, m.envelope.trace === 'verify'),
    ),
    arrived: m.envelope.created,
    envid: m.envelope.envid,
    ret: m.envelope.ret,
    smtputf8: m.envelope.smtputf8,
    body: m.envelope.body,
    size: messageSize(m),
    header,
    async *content() {
      yield m.header
      yield gapOf(m.envelope)
      yield* m.body.stream()
    },
    marks: new MarkStore({ ...m.envelope.marks }),
  }
}
/** RFC 3464 section 2.3.3 */
function actionOf(
  why: ReportView['why'],
  { expanded, outcome }: RoundResult,
  isAsked: boolean,
): ReportRecipient['action'] {
  if (why === 'trace') {
    if (isAsked) return outcome.kind === 'delivered' ? 'deliverable' : 'undeliverable'
    if (outcome.kind !== 'delivered') return outcome.kind === 'failed' ? 'failed' : 'delayed'
    return outcome.dsnPassed === undefined ? 'delivered' : 'relayed'
  }
  if (why !== 'success') return why
  if (expanded) return 'expanded'
  return outcome.dsnPassed === false ? 'relayed' : 'delivered'
}
function reportRecipient(
  why: ReportView['why'],
  result: RoundResult,
  until: number,
  isAsked: boolean,
): ReportRecipient {
  const { recipient: r, outcome: o } = result
  return {
    action: actionOf(why, result, isAsked),
    address: r.address,
    // whom nobody wrote to has been given by nobody
    original: r.bcc ? '' : r.original,
    orcpt: r.bcc ? undefined : r.orcpt,
    notify: r.notify,
    status: o.esc,
    text: o.text,
    diagnostic: o.diagnostic,
    remoteMta: o.remoteMta,
    relay: o.relay ?? (result.transport || 'none'),
    willRetryUntil: why === 'delayed' ? until : undefined,
  }
}
