/** Replies the core itself gives. Texts are Postfix's where it has them. */
import type { Reply } from '../contract/facts.ts'
import type { Result } from '../hooks/guard.ts'

export const FAULT: Reply = { code: 451, esc: '4.3.0', text: 'Error: temporary system problem, try again later' }
export const FAULT_AT_GREETING: Reply = {
  code: 421,
  esc: '4.3.0',
  text: 'Error: temporary system problem, try again later',
  close: true,
}
export const BAD_SENDER: Reply = { code: 501, esc: '5.1.7', text: 'Bad sender address syntax' }
export const BAD_RECIPIENT: Reply = { code: 501, esc: '5.1.3', text: 'Bad recipient address syntax' }
export const NESTED_MAIL: Reply = { code: 503, esc: '5.5.1', text: 'Error: nested MAIL command' }
export const NEED_MAIL: Reply = { code: 503, esc: '5.5.1', text: 'Error: need MAIL command' }
export const NEED_RCPT: Reply = { code: 503, esc: '5.5.1', text: 'Error: need RCPT command' }
export const NO_RECIPIENTS: Reply = { code: 554, esc: '5.5.1', text: 'Error: no valid recipients' }
export const TOO_MANY_RECIPIENTS: Reply = { code: 452, esc: '4.5.3', text: 'Error: too many recipients' }
export const TOO_BIG_DECLARED: Reply = { code: 552, esc: '5.3.4', text: 'Message size exceeds fixed limit' }
export const TOO_BIG: Reply = { code: 552, esc: '5.3.4', text: 'Error: message file too big' }
export const HEADER_TOO_BIG: Reply = { code: 552, esc: '5.3.4', text: 'Error: message header too big' }
export const TOO_MANY_HOPS: Reply = { code: 554, esc: '5.4.0', text: 'Error: too many hops' }
export const NO_SPACE: Reply = { code: 452, esc: '4.3.1', text: 'Insufficient system storage' }
export const WRITE_ERROR: Reply = { code: 451, esc: '4.3.0', text: 'Error: queue file write error' }
export const relayDenied = (recipient: string): Reply => ({
  code: 554,
  esc: '5.7.1',
  text: `<${recipient}>: Relay access denied`,
})
export const queuedAs = (id: string): Reply => ({ code: 250, esc: '2.0.0', text: `Ok: queued as ${id}` })

interface Refusal {
  readonly kind: string
  readonly code: number
  readonly esc: string
  readonly text: string
}
/** The reply a result stands for; undefined: go on. */
export function replyOf(result: Result | undefined, fault: Reply = FAULT): Reply | undefined {
  if (!result) return undefined
  if (result.fault) return fault
  const v = result.verdict as Refusal
  if (v.kind === 'refuse' || v.kind === 'defer')
    return { code: v.code, esc: v.esc, text: v.text, close: v.code === 421 || v.code === 521 }
  if (v.kind === 'hangUp') return { code: v.code, esc: v.esc, text: v.text, close: true }
  return undefined
}
/** The reply of a refusal that was kept. */
export const replyOfRefusal = (v: { code: number; esc: string; text: string }): Reply => ({
  code: v.code,
  esc: v.esc,
  text: v.text,
})
/** Under softBounce each refusal is one for now, what the client got wrong in the protocol as well (Postfix's soft_bounce). */
export function soften(reply: Reply): Reply {
  if (reply.code < 500) return reply
  // nothing else: a listener's replies may carry their bytes
  const { code, esc, text, close } = reply
  return { code: code - 100, esc: esc?.replace(/^5/, '4'), text, ...(close !== undefined && { close }) }
}
/** `550 5.1.1 text`, lines with dashes */
export function printReply(r: Reply): string {
  const lines = typeof r.text === 'string' ? [r.text] : r.text
  return lines.map((l, i) => `${r.code}${i < lines.length - 1 ? '-' : ' '}${r.esc ? r.esc + ' ' : ''}${l}`).join('\n')
}
