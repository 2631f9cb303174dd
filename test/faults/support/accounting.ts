/**
 * Where each acknowledged message is: at the sink, returned to its sender, in the queue, held, or lost. Each message that came
 * twice, with its cause from the log: a kill between the sink's 250 and the outcome's record.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { posternCommand, sleep } from '@postern/testkit'
import { begunAt, isFollowed } from './followed.ts'
import { traceOf } from './gone.ts'
import type { LogEvent, MtaProcess } from '@postern/testkit'
import type { Acknowledgements } from './load.ts'
import type { Sink } from './sink.ts'

/** ms from the log's line to the record in its file: 10 for which a commit's sync is waited for, the rest for a busy machine */
const IN_FLIGHT = 100
/** ms by which the sink, which shares its process with the clients, may be late */
const SINK_BEHIND = 1500
/** ms for which a process may stand still on a busy machine, with a reply in its socket that it has not read, or in a sync */
const LONGEST_PAUSE = 5000
/** ms after which a reply that was not processed is told with what the log has of it: an excuse, but an odd one */
const STANDSTILL = 2000

export interface Ending {
  readonly kind: 'kill' | 'cut'
  /** ms since 1970 */
  readonly at: number
  /** ms since 1970: from here on the disk refused writes */
  readonly since?: number
  /** ms for which the process did nothing of its own before this */
  readonly stood?: number
  /** whose mail it can have touched, by the queue id; default: all */
  readonly concerns?: (id: string) => boolean
}
export interface Duplicate {
  readonly token: string
  /** the copy is a report about it */
  readonly report: boolean
  /** `undefined`: nothing explains it */
  readonly cause: string | undefined
  /** ms from it to the end of the process */
  readonly before: number
  /** ms that `before` may be for this cause; not every cause has one */
  readonly limit?: number
  /** what the log says of it, and when it came: for who looks for the reason */
  readonly evidence: string
}
export interface Account {
  readonly acknowledged: number
  readonly delivered: number
  readonly bounced: number
  readonly queued: number
  readonly held: number
  readonly lost: readonly string[]
  /** a line about each of those */
  readonly traces?: readonly string[]
  /** at the sink with another's bytes, or not whole */
  readonly damaged: readonly string[]
  readonly duplicates: readonly Duplicate[]
}
interface Listed {
  readonly id: string
  readonly held?: unknown
  readonly envelope: { readonly sender: string }
}
const isReport = (q: Listed): boolean => q.envelope.sender === ''

async function postern(mta: MtaProcess, ...words: string[]): Promise<string> {
  const [program, ...args] = posternCommand()
  const run = await promisify(execFile)(program!, [...args, ...words, '-c', mta.file], { maxBuffer: 2 ** 28 })
  return run.stdout
}
/** What `postern queue list` shows of the running daemon. */
export async function queueOf(mta: MtaProcess): Promise<Listed[]> {
  const lines = (await postern(mta, 'queue', 'list', '--json')).split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as Listed)
}

/**
 * Waits until all acknowledged mail has ended or `ms` are over, then counts. `mta` runs, without faults. `told`: outcomes and stored
 * reports, none of which got lost in a process that was killed.
 */
export async function account(
  acks: Acknowledgements,
  sink: Sink,
  mta: MtaProcess,
  endings: readonly Ending[] = [],
  ms = 60_000,
  told: () => readonly LogEvent[] = () => mta.log,
): Promise<Account> {
  const limit = Date.now() + ms
  const left = () => {
    const seen = new Set(sink.ended.filter((e) => e.taken).map((e) => e.token))
    return [...acks.all.values()].filter((a) => !seen.has(a.token))
  }
  let queue: readonly Listed[] = []
  for (;;) {
    const waiting = left()
    if (waiting.length === 0) break
    queue = await queueOf(mta)
    const there = new Map(queue.map((q) => [q.id, q]))
    // what is neither here nor there will not come, unless a report of it does; what is held neither. A delivery may have ended
    // between the two looks
    const over = left().every((a) => !there.has(a.id) || there.get(a.id)!.held)
    if ((over && !queue.some((q) => isReport(q) && !q.held)) || Date.now() > limit) break
    await sleep(300)
  }
  await sleep(300)
  const listed = new Map(queue.map((q) => [q.id, q]))
  const facts = told()
  const missing = left()
  const there = sink.ended.filter((e) => e.taken && acks.all.has(e.token))
  const tokens = (report: boolean) => new Set(there.filter((e) => e.report === report).map((e) => e.token)).size
  const gone = missing.filter((a) => !listed.has(a.id)).map((a) => a.token)
  const reports = queue.filter(isReport)
  const lost = gone.length > 0 && reports.length > 0 ? await withoutReports(gone, reports, sink, mta) : gone
  return {
    acknowledged: acks.all.size,
    delivered: tokens(false),
    bounced: tokens(true),
    queued: missing.filter((a) => listed.has(a.id) && !listed.get(a.id)!.held).length,
    held: missing.filter((a) => listed.get(a.id)?.held).length + gone.length - lost.length,
    lost,
    traces: traceOf(
      lost.map((token) => acks.all.get(token)!),
      sink,
      endings,
      facts,
    ),
    damaged: there.filter((e) => !e.intact).map((e) => e.token),
    duplicates: duplicatesOf(acks, sink, mta, facts, endings),
  }
}

/** What was refused may be in a report that waits or is held, and has another id: when it is delivered it tells whose it is. */
async function withoutReports(
  gone: readonly string[],
  reports: readonly Listed[],
  sink: Sink,
  mta: MtaProcess,
): Promise<string[]> {
  const held = reports.filter((q) => q.held).map((q) => q.id)
  if (held.length > 0) await postern(mta, 'queue', 'release', ...held)
  const limit = Date.now() + 20_000
  for (;;) {
    const seen = new Set(sink.ended.filter((e) => e.report).map((e) => e.token))
    const lost = gone.filter((token) => !seen.has(token))
    if (lost.length === 0 || Date.now() > limit) return lost
    await sleep(200)
  }
}
function duplicatesOf(
  acks: Acknowledgements,
  sink: Sink,
  mta: MtaProcess,
  facts: readonly LogEvent[],
  endings: readonly Ending[],
): Duplicate[] {
  const byId = grouped(sink.ended, (e) => e.id)
  const twice = [...byId.values()].filter((all) => all.length > 1)
  if (twice.length === 0) return []
  const lines = facts.filter((e) => e.event === 'deliver.sent' || e.event === 'deliver.bounced')
  const idOf = (e: LogEvent) => String(e.fields.id)
  const reports = grouped(
    facts.filter((e) => e.event === 'report.sent'),
    idOf,
  )
  const unstored = new Set(mta.log.filter((e) => e.event === 'report.failed').map(idOf))
  /** A refusal is settled only when the report of it is stored: until then it is made again. */
  const storedAt = (id: string, at: number, ending: Ending | undefined): number | undefined =>
    (reports.get(id) ?? []).map(timeOf).find((time) => time >= at - 5 && time <= (ending?.at ?? 0))
  const unreported = (id: string, at: number, ending: Ending | undefined): Excuse | undefined => {
    if (unstored.has(id)) return { cause: 'refused again, the report of it could not be stored' }
    if (!ending || storedAt(id, at, ending) !== undefined) return undefined
    return { cause: `the report of its refusal had not been stored at the ${ending.kind}`, limit: LONGEST_PAUSE }
  }
  const logged = grouped(lines, idOf)
  return twice.flatMap((all) =>
    // all but the last must have been forgotten by an end of the process
    all.slice(0, -1).map(({ token, id, at, report, taken }, n) => {
      const next = all[n + 1]!.at
      const ours = endings.filter((e) => e.concerns?.(id) ?? true)
      const times = (logged.get(id) ?? []).map(timeOf)
      // the last line is that of the last copy, though it may be older than the sink's note of it
      if (times.length > 0 && times.at(-1)! >= all.at(-1)!.at - SINK_BEHIND) times.pop()
      // a process that told of it lived on; else the end nearest to it, which the sink may have read past: what was sent before a
      // kill is answered a moment later, and the next kill has nothing to do with it
      const told = times.some((time) => time >= at - 5 && time < next - 5)
      const ending = told
        ? ours.find((e) => e.at >= at - 5 && e.at <= next)
        : nearest(
            at,
            ours.filter((e) => e.at >= at - SINK_BEHIND && e.at <= next),
          )
      const outcome = times.find((time) => time >= at - 5 && time <= (ending?.at ?? 0))
      const line = taken ? outcome : (storedAt(id, at, ending) ?? outcome)
      const before = ending ? Math.max(0, ending.at - (line ?? at)) : NaN
      const followed = line !== undefined && ending !== undefined && isFollowed(acks, id, line + IN_FLIGHT, ending.at)
      const evidence = () => {
        const seen = mta.log.filter((e) => e.fields.id === id).map((e) => `${String(e.fields.time)} ${e.event}`)
        const came = all.map((e) => new Date(e.at).toISOString())
        const ends = ours.map((e) => new Date(e.at).toISOString())
        const behind = line === undefined || !ending ? '' : lifeBehind(line, ending.at, lines, acks)
        return `${id} at the sink ${came.join(', ')}; log ${seen.join(', ')}; ends ${ends.join(', ')}${behind}`
      }
      const excuse = (taken ? undefined : unreported(id, at, ending)) ?? (ending && excuseOf(line, ending, followed))
      const cause = excuse && (excuse.limit === undefined || before <= excuse.limit) ? excuse.cause : undefined
      const odd = !cause || (line === undefined && before >= STANDSTILL)
      return { token, before, limit: excuse?.limit, report, cause, evidence: odd ? evidence() : '' }
    }),
  )
}
/** What a daemon did between an outcome that it forgot and its end: had it stood still, or had only that record not been written? */
function lifeBehind(from: number, end: number, lines: readonly LogEvent[], acks: Acknowledgements): string {
  const within = (at: number): boolean => at > from && at <= end
  const told = lines.map(timeOf).filter(within)
  const taken = [...acks.all.values()].filter((a) => within(a.at))
  const begun = taken.map((a) => begunAt(a.id)).filter(within)
  const offsets = (all: readonly number[]): string => all.map((at) => `+${at - from}`).join(' ') || 'none'
  return `; behind it, ms: told ${offsets(told)}; acknowledged ${offsets(taken.map((a) => a.at))}; of these begun behind it ${offsets(begun)}`
}
/** ms since 1970 */
const timeOf = (line: LogEvent): number => Date.parse(String(line.fields.time))
function grouped<T>(all: Iterable<T>, key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const group = groups.get(key(one))
    if (group) group.push(one)
    else groups.set(key(one), [one])
  }
  return groups
}
function nearest(at: number, endings: readonly Ending[]): Ending | undefined {
  return [...endings].sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0]
}
interface Excuse {
  readonly cause: string
  /** ms before the end up to which it is one; default: always */
  readonly limit?: number
}
/**
 * What may have made the process forget; `logged`: ms since 1970 at which the log told the outcome; `followed`: what came behind it in
 * the log was durable.
 */
function excuseOf(logged: number | undefined, ending: Ending, followed: boolean): Excuse | undefined {
  if (logged === undefined)
    return { cause: `the sink's reply had not been processed at the ${ending.kind}`, limit: LONGEST_PAUSE }
  if (ending.since !== undefined || ending.kind === 'cut') {
    if (followed) return undefined
    if (ending.since === undefined) return { cause: 'its outcome was not synced at the cut', limit: LONGEST_PAUSE }
    if (logged >= ending.since - LONGEST_PAUSE) return { cause: 'its outcome could not be written, the disk refused' }
  }
  return { cause: 'its outcome was on its way to the disk at the kill', limit: IN_FLIGHT + (ending.stood ?? 0) }
}
