/** postfix/smtpd: who connects, what is refused, how it ends. */
import type { Client, Facts, Mta, Reply, SessionView, TlsFacts } from '@postern/core'
import type { Anvil } from './anvil.ts'
import type { Dialogue, Dialogues } from './dialogues.ts'
import { verbOf } from './counts.ts'
import type { Maillog } from './maillog.ts'
import type { Tags } from './tags.ts'
import { joined } from './text.ts'

export const clientOf = (client: Pick<Client, 'name' | 'address'>): string => `${client.name}[${client.address}]`

export interface SmtpdParts {
  readonly log: Maillog
  readonly tags: Tags
  readonly dialogues: () => Dialogues
  readonly anvil: Anvil
  /** messages whose refusal was told by the filter that refused them */
  readonly told: Set<string>
  /** lines for TLS clients are wanted */
  readonly tls: boolean
}

export class Smtpd {
  readonly #p: SmtpdParts
  readonly #tagOf: (listener: string) => string

  constructor(parts: SmtpdParts) {
    this.#p = parts
    this.#tagOf = (listener) => parts.tags.listener(listener)
  }
  tap(mta: Mta): void {
    mta.on.connected.tap(({ session }) => this.#connected(session))
    mta.on.begun.tap(({ session, messageId }) => this.#begun(this.#of(session), messageId))
    mta.on.replied.tap((fact) => this.#replied(fact))
    mta.on.refused.tap((fact) => this.#refused(fact))
    mta.on.disconnect.tap((fact) => this.#disconnect(fact))
  }
  /** A message has come whose id nobody was told of before. */
  received(session: SessionView, messageId: string): void {
    const d = this.#of(session)
    if (d.id !== messageId) this.#begun(d, messageId)
  }

  #of(session: SessionView): Dialogue {
    return this.#p.dialogues().of(session, this.#tagOf)
  }
  #connected(session: SessionView): undefined {
    const d = this.#of(session)
    const { client, listener } = session
    this.#p.anvil.connect(listener, client.address)
    if (client.name === 'unknown' && client.reverseName !== 'unknown')
      this.#warn(d, `hostname ${client.reverseName} does not resolve to address ${client.address}`)
    this.#info(d, `connect from ${clientOf(client)}`)
    this.#tls(d)
  }
  #begun(d: Dialogue, messageId: string): undefined {
    this.#tls(d)
    d.id = messageId
    const { auth, client } = d.session
    const sasl = auth ? `, sasl_method=${auth.mechanism}, sasl_username=${auth.user}` : ''
    this.#info(d, `${messageId}: client=${clientOf(client)}${sasl}`)
  }
  #replied({ session, command, line, reply }: Facts['replied']): undefined {
    const d = this.#of(session)
    this.#tls(d)
    if (reply.close || reply.code === 421 || reply.code === 521) d.end ??= command === 'QUIT' ? 'quit' : 'server'
    if (line === undefined) {
      // what nobody asked for (a timeout, a stop) does not belong to the command before it
      if (command === '' || d.end === 'timeout' || d.end === 'errors') return
      d.counts.goOn(reply.code)
      if (command === 'DATA' || command === 'BDAT') d.where = 'END-OF-MESSAGE'
      return
    }
    const verb = verbOf(command)
    d.where = verb
    // whoever speaks HTTP is sent away with 221: that grants nothing
    d.counts.begin(verb, reply.code === 221 && verb !== 'QUIT' ? 500 : reply.code)
    if (startsAnew(verb, reply.code)) d.id = undefined
    if (reply.code >= 400 || (reply.code === 221 && verb !== 'QUIT')) this.#notable(d, verb, line, reply)
  }
  /** Refusals of the protocol's own that Postfix writes down. */
  #notable(d: Dialogue, verb: string, line: string, reply: Reply): void {
    const client = clientOf(d.session.client)
    if (reply.code === 221) this.#warn(d, `non-SMTP command from ${client}: ${line.slice(0, 100)}`)
    else if (reply.code === 501 && (reply.esc === '5.1.7' || reply.esc === '5.1.3')) {
      const address = /:\s*(.*>)\s*$/.exec(line)?.[1]
      if (address) this.#warn(d, `Illegal address syntax from ${client} in ${verb} command: ${address}`)
    } else if (verb === 'MAIL' && !isNumberless(reply) && TOO_BIG.has(reply.esc ?? '')) {
      const sender = /<(.*?)>/.exec(line)?.[1] ?? /:\s*(\S*)/.exec(line)?.[1]
      this.#reject(d, 'MAIL', reply, sender, undefined)
    } else if ((verb === 'EHLO' || verb === 'LHLO') && reply.code === 421 && reply.esc === '4.3.0') {
      // a table of keywords that is away
      this.#info(d, `NOQUEUE: reject: ${verb} from ${client}: 421 4.3.0 ${joined(reply.text)}`)
    }
  }
  #refused({ session, stage, reply, sender, recipient, last, by, cause }: Facts['refused']): undefined {
    const d = this.#of(session)
    this.#tls(d)
    if (stage === 'timeout') d.end = 'timeout'
    else if (stage === 'limits') d.end = 'errors'
    else if (isTooBig(reply) && (stage === 'data' || stage === 'bdat' || stage === 'END-OF-MESSAGE'))
      this.#warn(d, `${this.#queueId(d)}: queue file size limit exceeded`)
    else if (stage === 'END-OF-MESSAGE' && reply.esc === '4.6.0') this.#notAccepted(d, reply)
    else if (stage === 'END-OF-MESSAGE' && isOurTrouble(reply)) return
    else if (isMimeError(cause)) this.#mimeError(d, cause, sender, last)
    else if (isContent(cause)) this.#disallowed(d, reply, cause, sender, last)
    else if (isPolicy(stage, reply, by)) this.#reject(d, whereOf(stage, session), reply, sender, recipient)
  }
  #reject(d: Dialogue, where: string, reply: Reply, sender: string | undefined, recipient: string | undefined): void {
    const said = `${reply.code}${reply.esc ? ` ${reply.esc}` : ''} ${joined(reply.text)}`
    if (where === 'END-OF-MESSAGE' && d.id !== undefined && this.#p.told.delete(d.id)) return
    this.#info(
      d,
      `${this.#queueId(d)}: reject: ${where} from ${clientOf(d.session.client)}: ${said}; ${envelopeOf(d.session, sender, recipient)}`,
    )
  }
  /** cleanup says it: what is wrong in the content, and where, but no reply. */
  #mimeError(d: Dialogue, cause: string, sender: string | undefined, recipient: string | undefined): void {
    const to = recipient === undefined ? '' : ` to=<${recipient}>`
    const text = `${this.#queueId(d)}: reject: ${cause} from ${clientOf(d.session.client)}; from=<${sender ?? ''}>${to}`
    this.#p.log.info(this.#p.tags.of('cleanup'), d.pid, text)
  }
  /** A character of message_reject_characters, with the line that it stands in. */
  #disallowed(d: Dialogue, reply: Reply, cause: string, sender?: string, recipient?: string): void {
    const envelope = envelopeOf(d.session, sender ?? '', recipient)
    const said = `${reply.esc ?? ''} ${joined(reply.text)}`.trim()
    const text = `${this.#queueId(d)}: reject: ${cause} from ${clientOf(d.session.client)}; ${envelope}: ${said}`
    this.#p.log.info(this.#p.tags.of('cleanup'), d.pid, text)
  }
  /** An alias that leads nowhere: cleanup's own trouble, no restriction. */
  #notAccepted(d: Dialogue, reply: Reply): void {
    const text = `${this.#queueId(d)}: ${joined(reply.text)} -- message not accepted, try again later`
    this.#p.log.warning(this.#p.tags.of('cleanup'), d.pid, text)
  }
  #disconnect({ session, content }: Facts['disconnect']): undefined {
    const d = this.#of(session)
    this.#tls(d)
    const client = clientOf(session.client)
    const { end } = d
    if (end !== 'quit' && end !== 'server') {
      const where = this.#lastOf(d, content)
      const how = end === 'timeout' ? 'timeout' : end === 'errors' ? 'too many errors' : 'lost connection'
      this.#info(d, `${how} after ${where} from ${client}`)
    }
    this.#info(d, `disconnect from ${client}${d.counts.text}`)
    this.#p.anvil.disconnect(session.listener, session.client.address)
    this.#p.dialogues().end(d)
  }
  /** With what has come of a message that was cut off. A chunk (BDAT) is answered, and known, only when it is complete. */
  #lastOf(d: Dialogue, content: number | undefined): string {
    if (content === undefined || d.where === 'END-OF-MESSAGE') return d.where
    if (d.where !== 'DATA' && d.where !== 'BDAT') d.counts.begin('BDAT', 500)
    return `${d.where === 'DATA' ? 'DATA' : 'BDAT'} (${content} bytes)`
  }
  #tls(d: Dialogue): void {
    const { tls, client } = d.session
    if (!this.#p.tls || d.tlsTold || !tls) return
    d.tlsTold = true
    const trust = tls.peer ? (tls.peer.trusted ? 'Trusted' : 'Untrusted') : 'Anonymous'
    this.#info(d, `${trust} TLS connection established from ${clientOf(client)}: ${tlsOf(tls)}`)
  }
  #queueId(d: Dialogue): string {
    return d.id ?? 'NOQUEUE'
  }
  #info(d: Dialogue, text: string): void {
    this.#p.log.info(d.tag, d.pid, text)
  }
  #warn(d: Dialogue, text: string): void {
    this.#p.log.warning(d.tag, d.pid, text)
  }
}

/**
 * Refusals of the protocol itself (an order, a syntax) are counted, not told. What a restriction kept for later comes in
 * the core's name.
 */
const isPolicy = (stage: string, { esc }: Reply, by: string): boolean =>
  by === 'core' ? (stage === 'RCPT' || stage === 'VRFY') && !PROTOCOL.has(esc ?? '') : by !== 'queue'
const PROTOCOL = new Set(['5.5.1', '5.1.3', '5.1.7', '4.5.3'])
const TOO_BIG = new Set(['5.3.4', '4.3.4', '4.3.1'])
/** what filter-mime says besides its reply */
const isMimeError = (cause: unknown): cause is string => typeof cause === 'string' && cause.startsWith('mime-error ')
/** what the core says of a line besides its reply */
const isContent = (cause: unknown): cause is string => typeof cause === 'string' && cause.startsWith('content ')
/** A SIZE that is no number of this world: Postfix answers, and does not write it down. */
const isNumberless = ({ text }: Reply): boolean => joined(text).includes('file system imposed limit')
const isTooBig = ({ code, esc }: Reply): boolean => code === 552 && esc === '5.3.4'
/** cleanup cannot go on (a table's result that is no address): no restriction, and of what is wrong the plugin tells. */
const isOurTrouble = ({ esc, text }: Reply): boolean =>
  esc === '4.3.0' && joined(text) === 'Error: queue file write error'
/** The transaction before it is over. */
const startsAnew = (verb: string, code: number): boolean =>
  code < 400 && (verb === 'MAIL' || verb === 'RSET' || verb === 'HELO' || verb === 'EHLO' || verb === 'LHLO')

/** Taps speak of stages, Postfix of commands. */
function whereOf(stage: string, session: SessionView): string {
  if (stage === 'helo') return session.helo?.verb ?? 'HELO'
  return stage.toUpperCase()
}
/** `from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<client.example>` */
export function envelopeOf(session: SessionView, sender: string | undefined, recipient: string | undefined): string {
  const { helo } = session
  const parts = [
    sender === undefined ? '' : `from=<${sender}>`,
    recipient === undefined ? '' : `to=<${recipient}>`,
    `proto=${helo && helo.verb !== 'HELO' ? (helo.verb === 'LHLO' ? 'LMTP' : 'ESMTP') : 'SMTP'}`,
    helo ? `helo=<${helo.name}>` : '',
  ]
  return parts.filter(Boolean).join(' ')
}
/** `TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)` */
export function tlsOf({ protocol, cipher }: Pick<TlsFacts, 'protocol' | 'cipher'>): string {
  const bits = /AES_?(128|256)/.exec(cipher)?.[1] ?? (cipher.includes('CHACHA20') ? '256' : undefined)
  return `${protocol} with cipher ${cipher}${bits ? ` (${bits}/${bits} bits)` : ''}`
}
