/** `postern status` */
import { configName, findConfig } from '../config.ts'
import { needDaemon } from '../control/client.ts'
import type { DaemonStatus, WorkerStatus } from '../control/protocol.ts'
import type { ReportOptions } from '../program/options.ts'
import { bytes, span, when } from '../text/units.ts'
import { print, printJson } from './print.ts'

export async function status(o: ReportOptions): Promise<void> {
  const { spool } = await findConfig(o.config)
  const daemon = await needDaemon(spool)
  const answer = await daemon.ask('status', {})
  if (o.json) printJson(answer)
  else print(statusLines(answer))
}

export function statusLines(s: DaemonStatus): string[] {
  const { queue } = s
  const since = s.since === undefined ? '' : ` since ${when(s.since)} (${span(Date.now() - s.since)})`
  const rows: [string, string][] = [
    ['state', `${s.state}${since}, pid ${s.pid}`],
    ['host name', s.hostname],
    ['config', configName(s.configuration)],
    ['spool', s.spool],
    ...s.listening.map((l): [string, string] => [
      'listens on',
      `${l.address} port ${l.port} (${l.use}, ${l.protocol})`,
    ]),
    ['sessions', String(s.sessions)],
    [
      'queue',
      `${messages(queue.messages)}, ${bytes(queue.bytes)}: ${queue.active} in delivery, ${queue.waiting} waiting, ${queue.held} held`,
    ],
    ...(queue.refusing ? [['refusing', queue.refusing] as [string, string]] : []),
    ...queue.problems.map((p): [string, string] => ['problem', p]),
    ...(s.workers ?? []).map((w): [string, string] => ['worker', workerLine(w)]),
    ...s.tables.map((t): [string, string] => ['table', tableLine(t)]),
  ]
  return rows.map(([name, value]) => `${name.padEnd(11)} ${value}`)
}
function tableLine({ name, problem, since, stats = {} }: DaemonStatus['tables'][number]): string {
  const figures = Object.entries(stats).map(([what, n]) => `${what} ${n}`)
  if (problem === undefined) return [`${name}: ok`, ...figures].join(', ')
  const state = problem.startsWith(name) ? problem : `${name}: ${problem}`
  return [`${state}${since === undefined ? '' : ` (since ${when(since)})`}`, ...figures].join(', ')
}
const workerLine = (w: WorkerStatus): string =>
  [
    `${w.index}: ${w.state}`,
    ...(w.since === undefined ? [] : [`since ${when(w.since)}`]),
    ...(w.pid ? [`pid ${w.pid}`] : []),
    `${w.sessions} session${w.sessions === 1 ? '' : 's'}`,
    messages(w.messages),
    ...(w.restarts ? [`restarted ${w.restarts} times`] : []),
  ].join(', ')
const messages = (n: number): string => `${n} message${n === 1 ? '' : 's'}`
