/** What the core and plugins say through the log: known events as Postfix's lines, warnings and errors in its manner. */
import type { Level, LogSink } from '@postern/core'
import type { Anvil } from './anvil.ts'
import type { Dialogues } from './dialogues.ts'
import type { Maillog } from './maillog.ts'
import type { QueueLines } from './queue.ts'
import { clientOf, envelopeOf, tlsOf } from './smtpd.ts'
import type { Tags } from './tags.ts'
import { escaped } from './text.ts'
import { fieldsText } from './fields.ts'

export interface EventParts {
  readonly log: Maillog
  readonly tags: Tags
  readonly dialogues: () => Dialogues
  readonly queue: QueueLines
  readonly anvil: Anvil
  readonly pid: number
  /** only one worker speaks for the whole */
  readonly isFirst: boolean
  readonly version: string
  /** lines for TLS servers are wanted */
  readonly tls: boolean
  readonly told: Set<string>
}
type Fields = Readonly<Record<string, unknown>>
type Write = (p: EventParts, fields: Fields) => void

/** ids of refused messages that are remembered until the listener has refused them */
const TOLD = 1000

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value as string))
const say = (p: EventParts, program: string, line: string): void => p.log.info(p.tags.of(program), p.pid, line)
const whole =
  (what: string): Write =>
  (p, { configuration }) => {
    if (p.isFirst) say(p, 'master', `${what} -- version ${p.version}, configuration ${text(configuration)}`)
  }

const KNOWN: Record<string, Write> = {
  'node.started': whole('daemon started'),
  'node.reloaded': whole('reload'),
  'node.stopped': (p) => {
    if (p.isFirst) say(p, 'master', 'terminating on signal 15')
  },
  'report.sent': (p, { id, why, as }) => p.queue.reported(text(id), why, text(as)),
  'drop.pickup': (p, { id, uid, from }) => say(p, 'pickup', `${text(id)}: uid=${text(uid)} from=<${text(from)}>`),
  'smtp.site.failed': (p, fields) => {
    const said = text(fields.text)
    // of one that answered the recipients' lines tell
    if (said.startsWith('connect to ')) say(p, 'smtp', said)
  },
  'smtp.tls': (p, { relay, protocol, cipher, trust }) => {
    if (!p.tls) return
    const facts = { protocol: text(protocol), cipher: text(cipher) }
    say(p, 'smtp', `${text(trust)} TLS connection established to ${text(relay)}: ${tlsOf(facts)}`)
  },
  'etrn.refused': (p, { site, session }) => {
    const d = p.dialogues().find(text(session))
    if (d) p.log.warning(d.tag, d.pid, `reject: ETRN ${text(site)}... from ${clientOf(d.session.client)}`)
  },
  'session.turned-away': turnedAway,
  'session.pipelining': (p, fields) => {
    const d = p.dialogues().find(text(fields.session))
    const { command, ahead } = fields
    if (d)
      p.log.info(
        d.tag,
        d.pid,
        `improper command pipelining after ${text(command)} from ${clientOf(d.session.client)}: ${escaped(text(ahead))}`,
      )
  },
  'auth.failed': (p, { session, mechanism, reason, user }) => {
    const d = p.dialogues().find(text(session))
    if (!d) return
    const who = user === undefined ? '' : `, sasl_username=${text(user)}`
    const why = reason === undefined ? '(reason unavailable)' : text(reason)
    p.log.warning(
      d.tag,
      d.pid,
      `${clientOf(d.session.client)}: SASL ${text(mechanism)} authentication failed: ${why}${who}`,
    )
  },
  'filter.action': filterAction,
}

/** A client over a limit was never a session: its connection is told as one all the same. */
function turnedAway(p: EventParts, { client, listener, limit, why }: Fields): void {
  const tag = p.tags.listener(text(listener))
  // its name was not asked for
  const who = `${client === '127.0.0.1' || client === '::1' ? 'localhost' : 'unknown'}[${text(client)}]`
  p.anvil.connect(text(listener), text(client))
  p.anvil.disconnect(text(listener), text(client))
  p.log.info(tag, p.pid, `connect from ${who}`)
  if (why === 'count' || why === 'rate') {
    const what = why === 'count' ? 'concurrency' : 'rate'
    p.log.warning(
      tag,
      p.pid,
      `Connection ${what} limit exceeded: ${Number(limit) + 1} from ${who} for service ${text(listener)}`,
    )
  }
  p.log.info(tag, p.pid, `disconnect from ${who} commands=0/0`)
}
/**
 * What a filter does with a message or a recipient because of something in it: `ID: hold: header Subject: x from
 * client[address]; from=<a@b> to=<c@d> proto=ESMTP helo=<x>: text`.
 */
function filterAction(p: EventParts, f: Fields): void {
  const action = text(f.action)
  const id = f.id === undefined ? undefined : text(f.id)
  const d = p.dialogues().find(text(f.session))
  const from = d ? clientOf(d.session.client) : 'local'
  const [sender, recipient] = [f.from, f.to].map((v) => (v === undefined ? undefined : text(v)))
  const envelope = d
    ? envelopeOf(d.session, sender, recipient)
    : [sender === undefined ? '' : `from=<${sender}>`, recipient === undefined ? '' : `to=<${recipient}>`]
        .filter(Boolean)
        .join(' ')
  const subject = [text(f.part), text(f.content).slice(0, 200)].filter(Boolean).join(' ')
  const said = f.text === undefined || f.text === '' ? '' : `: ${text(f.text)}`
  if (action === 'reject' && id !== undefined) {
    if (p.told.size >= TOLD) p.told.clear()
    p.told.add(id)
  }
  const queueId = id ?? 'NOQUEUE'
  say(p, 'cleanup', `${queueId}: ${action}: ${subject} from ${from}; ${envelope}${said}`)
}

/** Who would say it in Postfix, by the use that says it here. */
const PROGRAMS: readonly (readonly [start: string, program: string])[] = [
  ['listen-drop', 'pickup'],
  ['listen-', 'smtpd'],
  ['policy-', 'smtpd'],
  ['auth-', 'smtpd'],
  ['deliver-', 'smtp'],
  ['queue-', 'qmgr'],
  ['rewrite-', 'trivial-rewrite'],
  ['route-', 'trivial-rewrite'],
  ['filter-', 'cleanup'],
  ['lookup-', 'proxymap'],
  ['ops-bounce', 'bounce'],
]

export function eventSink(parts: EventParts): LogSink {
  return {
    enabled: (level) => level !== 'debug',
    write(level, event, fields) {
      // the log must not fail those who write to it
      try {
        const known = KNOWN[event]
        if (known) return known(parts, fields)
        if (level === 'warn' || level === 'error') other(parts, level, event, fields)
      } catch (error) {
        parts.log.warning(parts.tags.of('master'), parts.pid, `${event}: ${(error as Error).message}`)
      }
    },
    flush: () => parts.log.flush(),
  }
}
function other(p: EventParts, level: Level, event: string, fields: Fields): void {
  const { use, id, ...rest } = fields
  const program = PROGRAMS.find(([start]) => text(use).startsWith(start))?.[1] ?? 'master'
  const line = `${id === undefined ? '' : `${text(id)}: `}${event}${fieldsText(rest)}`
  if (level === 'error') p.log.error(p.tags.of(program), p.pid, line)
  else p.log.warning(p.tags.of(program), p.pid, line)
}
