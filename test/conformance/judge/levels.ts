/** What counts at each level, as a flat list of things by name. */
import { contentType, fieldOf, parseMessage, reportIn, unfolded } from './message.ts'
import type { Observed, Played, Taken } from './observed.ts'

/**
 * `codes`: reply codes, who got mail where, envelopes, argv, what reports say was done, final status.
 * `enhanced`: also enhanced codes, EHLO keywords, ESMTP parameters, header fields and bodies.
 * `full`: every text.
 */
export const LEVELS = ['codes', 'enhanced', 'full'] as const
export type Level = (typeof LEVELS)[number]
export const isLevel = (word: string): word is Level => (LEVELS as readonly string[]).includes(word)

export interface Item {
  readonly name: string
  readonly value: unknown
}
const item = (name: string, value: unknown): Item => ({ name, value })
/** Order does not count. */
const unordered = <T>(list: readonly T[]): T[] => {
  const keyed = list.map((value) => [JSON.stringify(value), value] as const)
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, value]) => value)
}

/** `withLog`: does the server write Postfix's lines? */
export function view(seen: Observed, level: Level, withLog: boolean): Item[] {
  return [
    ...seen.actions.flatMap((action, i) => ofAction(action, i + 1, level)),
    ...Object.entries(seen.mailboxes).flatMap(([name, texts]) => [
      item(`mailbox ${name}`, texts.length),
      item(`mail in ${name}`, unordered(texts.map((t) => ofMessage(t, level)))),
    ]),
    ...Object.entries(seen.sinks).map(([name, list]) => item(`next hop ${name}`, ofHop(list, level))),
    ...Object.entries(seen.pipes).map(([name, texts]) =>
      item(`command ${name}`, unordered(texts.map((t) => ofCommand(t, level)))),
    ),
    item('bounces and notices', unordered(ofReports(seen, level))),
    ...(seen.policy ? [item('policy requests', ofPolicy(seen.policy, level))] : []),
    ...(withLog ? ofLog(seen, level) : []),
  ]
}

function ofAction(action: Played, number: number, level: Level): Item[] {
  const where = `action ${number}`
  if (action.smtp) {
    return action.smtp.map(([sent, reply], i) =>
      item(`${where} line ${i + 1} ${JSON.stringify(sent)}`, ofReply(reply, level)),
    )
  }
  if (action.run === undefined) return []
  const exit = item(`${where} exit of ${action.run}`, action.exit)
  if (level !== 'full') return [exit]
  return [exit, item(`${where} stdout`, action.out), item(`${where} stderr`, action.err)]
}

function ofReply(reply: string, level: Level): unknown {
  if (level === 'full' || reply.startsWith('@')) return reply
  const lines = reply.split('\n')
  const last = lines.at(-1)!
  if (last.startsWith('@')) return last
  if (level === 'codes') return last.slice(0, 3)
  const [, code, enhanced] = /^(\d{3})[ -](\d\.\d+\.\d+)?/.exec(last) ?? []
  const keywords = lines.length > 1 && last.startsWith('250') ? unordered(lines.slice(1).map((l) => l.slice(4))) : []
  return [code ?? last, enhanced ?? null, keywords]
}

/** Fields that say when, by whom and how it was written. */
const SKIPPED = new Set([
  'received',
  'message-id',
  'date',
  'content-type',
  'mime-version',
  'auto-submitted',
  'x-postfix-queue-id',
  'content-transfer-encoding',
  'content-description',
])

function ofMessage(text: string, level: Level): unknown {
  if (level === 'full') return text
  const from = /^From (\S+)/.exec(text)?.[1]
  const message = parseMessage(text.replace(/^From .*\n/, ''))
  const { fields } = message
  const sender = fieldOf(fields, 'Return-Path') ?? (from ? `<${from === 'MAILER-DAEMON' ? '' : from}>` : '')
  if (level === 'codes') return [sender, fieldOf(fields, 'Delivered-To') ?? '', fieldOf(fields, 'X-Original-To') ?? '']
  const isReport = contentType(fields) === 'multipart/report'
  const counted = fields
    .map(([name, value]) => [name.toLowerCase(), unfolded(value)])
    .filter(([name]) => !SKIPPED.has(name!) && !(isReport && name === 'subject'))
  return [sender, unordered(counted), isReport ? '' : message.body.replace(/\n+$/, '')]
}

const path = (line: string): string => line.replace(/(?<=>) .*$/s, '')

function ofHop(list: readonly Taken[], level: Level): unknown {
  if (level === 'codes') {
    const one = (t: Taken, rcpt: string) => [
      path(t.mail),
      path(rcpt),
      (t.refused ?? '').slice(0, 3),
      t.tls,
      t.auth !== '',
    ]
    return unordered(list.flatMap((t) => t.rcpt.map((r) => one(t, r))))
  }
  const one = (t: Taken) => [
    level === 'full' ? t.mail : t.mail.replace(/ ?SIZE=@/g, ''),
    [...t.rcpt].sort(),
    (t.refused ?? '').slice(0, 3),
    t.tls,
    t.auth,
    ...(level === 'full' ? [t.helo] : []),
    ofMessage(t.data, level),
  ]
  return unordered(list.map(one))
}

function ofCommand(text: string, level: Level): unknown {
  if (level === 'full') return text
  const at = text.indexOf('stdin\n')
  const lines = text
    .slice(0, at < 0 ? text.length : at)
    .split('\n')
    .filter(Boolean)
  if (level === 'codes') return lines.filter((l) => l.startsWith('arg'))
  return [lines, ofMessage(at < 0 ? '' : text.slice(at + 'stdin\n'.length), level)]
}

function ofReports(seen: Observed, level: Level): unknown[] {
  const places: (readonly [string, string])[] = [
    ...Object.entries(seen.mailboxes).flatMap(([name, texts]) => texts.map((t) => [name, t] as const)),
    ...Object.entries(seen.sinks).flatMap(([name, list]) => list.map((t) => [`sink ${name}`, t.data] as const)),
  ]
  return places.flatMap(([where, text]) => {
    const report = reportIn(parseMessage(text.replace(/^From .*\n/, '')))
    if (!report) return []
    const names = ['Final-Recipient', 'Action', ...(level === 'codes' ? [] : ['Status', 'Original-Recipient'])]
    const recipients = report.statuses.flat().filter((g) => fieldOf(g, 'Action') !== undefined)
    return [[where, unordered(recipients.map((g) => names.map((name) => fieldOf(g, name) ?? null)))]]
  })
}

function ofPolicy(requests: readonly Readonly<Record<string, string>>[], level: Level): unknown {
  if (level === 'codes') return requests.map((r) => [r.protocol_state ?? null, r.recipient ?? null])
  return requests.map((r) => Object.entries(r).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function ofLog(seen: Observed, level: Level): Item[] {
  const lines = (seen.statuses ?? []).map(([to, original, relay, dsn, status, text]) => [
    to,
    status,
    ...(level === 'codes' ? [] : [dsn]),
    ...(level === 'full' ? [original, relay, text] : []),
  ])
  const once = [...new Map(unordered(lines).map((l) => [JSON.stringify(l), l])).values()]
  const statuses = item('status in the log', once)
  return level === 'full' ? [statuses, item('log events', seen.log)] : [statuses]
}
