/** Facts as log lines: stable event names, one line each (the table in README.md). */
import type { Facts, Level, LogSink, Mta } from '@postern/core'

const iso = (ms: number) => new Date(ms).toISOString()
const OUTCOMES = {
  delivered: { event: 'deliver.sent', level: 'info' },
  deferred: { event: 'deliver.deferred', level: 'info' },
  failed: { event: 'deliver.bounced', level: 'info' },
} as const satisfies Record<string, { event: string; level: Level }>

/** One line of reply text, whatever the number of its lines. */
const joined = (text: string | readonly string[]) => (typeof text === 'string' ? text : text.join(' '))

export function logFacts(mta: Mta, sink: LogSink, level: Level): void {
  sessionFacts(mta, sink)
  queueFacts(mta, sink)
  mta.on.attempted.tap((fact) => attempted(sink, fact))
  // a line for each reply is for finding faults; untapped, the fact costs nothing
  if (level === 'debug') {
    mta.on.replied.tap(({ session, command, reply }) => {
      const { code, esc, text } = reply
      sink.write('debug', 'smtp.reply', {
        session: session.id,
        command: verbOf(command),
        code,
        esc,
        text: joined(text),
      })
    })
  }
}

const WITH_ARGUMENT = /^(MAIL|RCPT|EHLO|HELO|LHLO|VRFY)(?= |$)/i
const VERB = /^(AUTH|BDAT|DATA|ETRN|EXPN|HELP|NOOP|QUIT|RSET|STARTTLS|XCLIENT|XFORWARD)(?= |$)/i
/** A password may follow AUTH, or stand on a line of its own: what is not known to be harmless is not written. */
const verbOf = (command: string): string =>
  WITH_ARGUMENT.test(command) ? command : (VERB.exec(command)?.[0].toUpperCase() ?? '')

function sessionFacts(mta: Mta, sink: LogSink): void {
  mta.on.connected.tap(({ session }) => {
    if (!sink.enabled('info')) return
    const { id, listener, client } = session
    sink.write('info', 'smtp.connect', { session: id, listener, client: client.address, name: client.name })
  })
  mta.on.refused.tap(({ session, stage, reply, sender, recipient, by, cause }) => {
    if (!sink.enabled('info')) return
    const { code, esc, text } = reply
    const client = session.client.address
    const who = { session: session.id, client, helo: session.helo?.name, from: sender, to: recipient }
    sink.write('info', 'smtp.refused', { ...who, stage, code, esc, text: joined(text), by, cause })
  })
  mta.on.authenticated.tap(({ session, user, mechanism }) => {
    sink.write('info', 'smtp.authenticated', { session: session.id, client: session.client.address, user, mechanism })
  })
  mta.on.disconnect.tap(({ session, commands, ms }) => {
    sink.write('info', 'smtp.disconnect', { session: session.id, client: session.client.address, commands, ms })
  })
}

function queueFacts(mta: Mta, sink: LogSink): void {
  mta.on.received.tap((f) => {
    if (!sink.enabled('info')) return
    sink.write('info', 'queue.received', {
      id: f.messageId,
      from: f.sender,
      recipients: f.recipients,
      size: f.size,
      origin: f.origin.kind,
      // a bounce names the message that it is about
      of: 'of' in f.origin ? f.origin.of : undefined,
      client: f.session?.client.address,
      session: f.session?.id,
      messageId: f.headerMessageId,
    })
  })
  mta.on.discarded.tap(({ messageId, by, sender }) => {
    sink.write('info', 'queue.discarded', { id: messageId, from: sender, by })
  })
  mta.on.settled.tap(({ messageId, delivered, failed, delay }) => {
    sink.write('info', 'queue.settled', { id: messageId, delivered, failed, delay })
  })
  mta.on.waiting.tap(({ messageId, nextTry, held }) => {
    sink.write('info', 'queue.waiting', {
      id: messageId,
      nextTry: nextTry === undefined ? undefined : iso(nextTry),
      held,
    })
  })
}

function attempted(sink: LogSink, f: Facts['attempted']): undefined {
  const { event, level } = OUTCOMES[f.outcome.kind]
  if (!sink.enabled(level)) return undefined
  sink.write(level, event, {
    id: f.messageId,
    from: f.sender,
    to: f.recipient,
    original: f.original === f.recipient ? undefined : f.original,
    transport: f.transport,
    nexthop: f.nexthop,
    relay: f.outcome.relay ?? 'none',
    delay: f.delay,
    esc: f.outcome.esc,
    text: f.outcome.text,
    cause: f.outcome.cause,
  })
  return undefined
}
