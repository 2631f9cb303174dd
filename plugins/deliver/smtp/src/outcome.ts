/** From replies and failures to outcomes, in Postfix's words. */
import type { Deferred, Failed, Outcome, OutcomeFacts, StatusCode } from '@postern/core'
import { deferred } from '@postern/core'
import type { Failure, Stage } from './failure.ts'
import type { Peer } from './peer.ts'
import { codeOf, MAX_LINE } from './replies.ts'

/** The commands of "in reply to". */
export type Command = 'MAIL FROM' | 'RCPT TO' | 'DATA' | 'end of DATA'

/** When nothing better is known. */
export const UNAVAILABLE = deferred('4.3.0', 'server unavailable or unable to receive mail', { siteDown: true })
/** Our own doing: it says nothing about the site. */
export const INTERRUPTED = deferred('4.4.2', 'delivery was interrupted')

/** Lines of a reply in one, as Postfix prints it. */
function oneLine(reply: string): string {
  const last = reply.lastIndexOf('\n')
  if (last < 0) return reply
  const before = reply.slice(0, last)
  return (Buffer.byteLength(before) < MAX_LINE ? reply : before).replaceAll('\n', ' ')
}
// the enhanced code counts only when its class is that of the reply (RFC 2034 section 4)
const ENHANCED = /^([245])\d\d +(\1\.\d{1,3}\.\d{1,3})(?!\S)/

/** The enhanced status code of a reply's last line, X.0.0 when it has none; 5.5.0 for what answers no command. */
export function statusOf(reply: string): StatusCode {
  const last = reply.slice(reply.lastIndexOf('\n') + 1)
  const enhanced = ENHANCED.exec(last)
  if (enhanced) return enhanced[2] as StatusCode
  return /^[245]/.test(last) ? (`${last[0]}.0.0` as StatusCode) : '5.5.0'
}
export const isPositive = (reply: string): boolean => codeOf(reply).startsWith('2')

/** Of a reply: who said it, and what. */
const facts = (peer: Peer, reply: string): OutcomeFacts => ({
  relay: peer.relay,
  remoteMta: `dns; ${peer.host}`,
  diagnostic: `smtp; ${reply}`,
})
/** What we say ourselves of a server, not it: reports name no Remote-MTA then, as Postfix's. */
export const ours = (peer: Peer): OutcomeFacts => ({ relay: peer.relay })

/** A negative reply is as permanent as its first digit says. A positive one where none is due fails, as for Postfix. */
function negative(esc: StatusCode, text: string, more: OutcomeFacts): Deferred | Failed {
  if (esc.startsWith('5')) return { ...more, kind: 'failed', esc: esc as Failed['esc'], text }
  if (esc.startsWith('4')) return { ...more, kind: 'deferred', esc: esc as Deferred['esc'], text }
  return { ...more, kind: 'failed', esc: '5.5.0', text: `Protocol error: ${text}` }
}

/** The answer to the end of the data: the message is theirs, or not. `dsnPassed`: who reports success. */
export function finalOutcome(reply: string, peer: Peer, dsnPassed?: boolean): Outcome {
  if (!isPositive(reply)) return saidNo(reply, 'end of DATA', peer)
  const text = oneLine(reply)
  const diagnostic = `smtp; ${text}`
  const { relay, host } = peer
  return { relay, remoteMta: `dns; ${host}`, diagnostic, dsnPassed, kind: 'delivered', esc: statusOf(reply), text }
}
/** `host x[y] said: 550 ... (in reply to RCPT TO command)` */
export function saidNo(reply: string, command: Command, peer: Peer): Deferred | Failed {
  const line = oneLine(reply)
  const text = `host ${peer.name} said: ${line} (in reply to ${command} command)`
  return negative(statusOf(reply), text, facts(peer, line))
}

/** It cannot be converted for a server that takes 7 bits only. */
export const tooDeep = (text: string, peer: Peer): Failed => ({ ...ours(peer), kind: 'failed', esc: '5.6.0', text })

const softened = (outcome: Outcome): Outcome =>
  outcome.kind === 'failed'
    ? { ...outcome, kind: 'deferred', esc: `4${outcome.esc.slice(1)}` as Deferred['esc'], siteDown: true }
    : outcome

const WHILE: Record<Stage, string> = {
  connect: 'connecting',
  greeting: 'receiving the initial server greeting',
  ehlo: 'performing the EHLO handshake',
  helo: 'performing the HELO handshake',
  lhlo: 'performing the LHLO handshake',
  starttls: 'receiving the STARTTLS response',
  rset: 'sending MAIL FROM',
  mail: 'sending MAIL FROM',
  rcpt: 'sending RCPT TO',
  data: 'sending DATA command',
  content: 'sending message body',
  done: 'sending end of data -- message may be sent more than once',
  idle: 'waiting',
}
const ERRORS: Record<string, string> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EADDRNOTAVAIL: 'Cannot assign requested address',
}

/** A connection that failed, at any time. `skip5xxGreeting`: a 5xx greeting is a temporary failure of this host only. */
export function failureOutcome(failure: Failure, peer: Peer, skip5xxGreeting: boolean): Deferred | Failed {
  const at = ours(peer)
  switch (failure.kind) {
    case 'connect':
      return down('4.4.1', `connect to ${peer.relay}: ${systemText(failure.cause)}`)
    case 'bind':
      return { kind: 'deferred', esc: '4.4.0', text: 'server configuration error' }
    case 'refused':
      return refusal(failure.reply, peer, skip5xxGreeting && failure.stage === 'greeting')
    case 'tls-not-offered':
      return down('4.7.4', `TLS is required, but was not offered by host ${peer.name}`, at)
    case 'tls-unmet':
      return down('4.7.5', failure.what, at)
    case 'data': {
      const text = `local data error while talking to ${peer.name}`
      return broken(failure, '4.3.0', text, { ...at, cause: failure.cause })
    }
    case 'tls-refused':
      return turnedAway(failure.reply, peer, `TLS is required, but host ${peer.name} refused to start TLS:`)
    case 'tls-failed':
      return down('4.7.5', 'Cannot start TLS: handshake failure', { ...at, cause: failure.cause })
    case 'timeout':
      return broken(failure, '4.4.2', `conversation with ${peer.name} timed out while ${WHILE[failure.stage]}`, at)
    case 'aborted':
      return { ...at, kind: 'deferred', esc: '4.4.2', text: `interrupted while ${WHILE[failure.stage]}` }
    case 'body':
      return { ...at, kind: 'deferred', esc: '4.3.0', text: 'queue file read error', cause: failure.cause }
    case 'protocol':
      return broken(failure, '4.5.0', `Protocol error: host ${peer.name} said: ${oneLine(failure.reply)}`, {
        ...at,
        remoteMta: `dns; ${peer.host}`,
      })
    case 'lost':
      return broken(failure, '4.4.2', `lost connection with ${peer.name} while ${WHILE[failure.stage]}`, at)
  }
}
function refusal(reply: string, peer: Peer, soft: boolean): Deferred | Failed {
  const outcome = turnedAway(reply, peer, `host ${peer.name} refused to talk to me:`)
  return soft && codeOf(reply).startsWith('5') ? (softened(outcome) as Deferred) : outcome
}
/** A refusal of us, whatever the message: a temporary one is one of the site. */
function turnedAway(reply: string, peer: Peer, text: string): Deferred | Failed {
  const line = oneLine(reply)
  const outcome = negative(statusOf(reply), `${text} ${line}`, facts(peer, line))
  return outcome.kind === 'deferred' ? { ...outcome, siteDown: true } : outcome
}
/** The server has answered something about this message: what breaks then may be the message's doing, not the site's. */
const ANSWERED: ReadonlySet<Stage> = new Set(['rcpt', 'data', 'content', 'done'])
const broken = (failure: Failure, esc: Deferred['esc'], text: string, more: OutcomeFacts): Deferred =>
  ANSWERED.has(failure.stage) ? { ...more, kind: 'deferred', esc, text } : down(esc, text, more)
/** The site as a whole cannot be used now. */
export const down = (esc: Deferred['esc'], text: string, more?: OutcomeFacts): Deferred => ({
  ...more,
  kind: 'deferred',
  esc,
  text,
  siteDown: true,
})
function systemText(cause: Error | undefined): string {
  const { code, originalCode } = (cause ?? {}) as { code?: string; originalCode?: string }
  return ERRORS[originalCode ?? ''] ?? ERRORS[code ?? ''] ?? cause?.message ?? 'failed'
}
