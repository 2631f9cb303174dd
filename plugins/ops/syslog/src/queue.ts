/** postfix/cleanup, qmgr and the delivery agents: a message's way from its arrival to its end. */
import type { Facts, Mta } from '@postern/core'
import type { Maillog } from './maillog.ts'
import type { Smtpd } from './smtpd.ts'
import type { Tags } from './tags.ts'
import { seconds } from './text.ts'

export interface QueueParts {
  readonly log: Maillog
  readonly tags: Tags
  readonly smtpd: Smtpd
  readonly pid: number
  /** digits behind the decimal point of delays */
  readonly digits: number
}
/** notices that nothing more is said of */
const REMEMBERED = 1000
const STATUS = { delivered: 'sent', deferred: 'deferred', failed: 'bounced' } as const
/** where it was only asked */
const ASKED = { delivered: 'deliverable', deferred: 'undeliverable', failed: 'undeliverable' } as const
/** Nobody was called: in Postfix the error transport says so. */
const NOT_TRIED = /^(delivery temporarily suspended|mail transport unavailable|deferred transport)/

export class QueueLines {
  readonly #p: QueueParts
  readonly #cleanup: string
  readonly #qmgr: string
  readonly #bounce: string
  /** notices to the postmaster, told already */
  readonly #postmasters = new Set<string>()

  constructor(parts: QueueParts) {
    this.#p = parts
    this.#cleanup = parts.tags.of('cleanup')
    this.#qmgr = parts.tags.of('qmgr')
    this.#bounce = parts.tags.of('bounce')
  }
  tap(mta: Mta): void {
    mta.on.received.tap((fact) => this.#received(fact))
    mta.on.active.tap((fact) => this.#active(fact))
    mta.on.attempted.tap((fact) => this.#attempted(fact))
    mta.on.expired.tap(({ messageId, sender }) =>
      this.#info(this.#qmgr, `${messageId}: from=<${sender}>, status=expired, returned to sender`),
    )
    mta.on.settled.tap(({ messageId }) => this.#info(this.#qmgr, `${messageId}: removed`))
  }
  /** A report to a sender was made; `as` is its own id. */
  reported(id: string, why: unknown, as: string): void {
    if (this.#postmasters.delete(as)) return
    const what = REPORTS[String(why)] ?? 'delivery status'
    this.#info(this.#bounce, `${id}: sender ${what} notification: ${as}`)
  }

  #received({ messageId, session, headerMessageId, origin, sender }: Facts['received']): undefined {
    if (session) this.#p.smtpd.received(session, messageId)
    this.#info(this.#cleanup, `${messageId}: message-id=${headerMessageId ?? '<>'}`)
    // the null sender is a report's to a sender: of that the core tells more
    if (origin.kind === 'bounce' && sender !== '') {
      if (this.#postmasters.size >= REMEMBERED) this.#postmasters.clear()
      this.#postmasters.add(messageId)
      this.#info(this.#bounce, `${origin.of}: postmaster non-delivery notification: ${messageId}`)
    }
  }
  #active({ messageId, sender, size, recipients }: Facts['active']): undefined {
    this.#info(this.#qmgr, `${messageId}: from=<${sender}>, size=${size}, nrcpt=${recipients} (queue active)`)
  }
  #attempted(f: Facts['attempted']): undefined {
    const { outcome, transport, uses } = f
    const { text } = outcome
    const agent = f.waited === undefined ? agentOf(outcome.relay) : transport
    const { program, tag } = this.#p.tags.transport(NOT_TRIED.test(text) ? 'error' : agent, outcome.relay)
    const relay = outcome.relay ?? (RELAYS.has(program) ? 'none' : agent)
    const status = outcome.softened ? 'SOFTBOUNCE' : (f.dry ? ASKED : STATUS)[outcome.kind]
    const original = f.original === f.recipient ? '' : ` orig_to=<${f.original}>,`
    const reused = uses !== undefined && uses > 1 ? ` conn_use=${uses},` : ''
    this.#info(
      tag,
      `${f.messageId}: to=<${f.recipient}>,${original} relay=${relay},${reused} ` +
        `delay=${this.#seconds(f.delay)}, delays=${this.#delays(f)}, dsn=${outcome.esc}, ` +
        `status=${status} (${text})`,
    )
  }
  /** before its turn, until the delivery began, until the connection was there, the rest */
  #delays({ delay, queued = 0, waited, ready }: Facts['attempted']): string {
    const first = Math.min(queued, delay)
    const second = Math.min(waited ?? 0, delay - first)
    const third = Math.min(ready ?? 0, delay - first - second)
    return [first, second, third, delay - first - second - third].map((ms) => this.#seconds(ms)).join('/')
  }
  #seconds(ms: number): string {
    return seconds(ms, this.#p.digits)
  }
  #info(tag: string, text: string): undefined {
    this.#p.log.info(tag, this.#p.pid, text)
  }
}

/** Found out before a delivery: the agent in whose name it is said, or nobody's. */
const agentOf = (relay: string | undefined): string => (relay === undefined || relay === 'none' ? 'error' : relay)
/** Programs whose relay is a host, or nobody; of the others it is the transport. */
const RELAYS = new Set(['smtp', 'lmtp', 'error', 'discard'])
const REPORTS: Record<string, string> = { failed: 'non-delivery', delayed: 'delay', success: 'delivery status' }
