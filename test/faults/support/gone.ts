/** What is known of an acknowledged message that is nowhere: for who looks for the reason. */
import { readQueue } from '@postern/queue-journal'
import type { LogEvent } from '@postern/testkit'
import type { Ending } from './accounting.ts'
import type { Acknowledged, Acknowledgements } from './load.ts'
import type { Sink } from './sink.ts'

/**
 * Acknowledged messages that the sink has not ended and that a journal which nobody has open does not hold: gone from here on, whatever
 * comes later. What the sink refused counts as ended: its report has another id. `path`: the journal's folder; `problems` gets what
 * cannot be read.
 */
export async function goneFrom(
  path: string,
  acks: Acknowledgements,
  sink: Sink,
  problems: string[],
): Promise<Acknowledged[]> {
  const there = new Set<string>()
  for await (const { id } of readQueue(path, problems)) there.add(id)
  const ended = new Set(sink.ended.map((e) => e.token))
  return [...acks.all.values()].filter((a) => !there.has(a.id) && !ended.has(a.token))
}

/** A line for each: its life, its acknowledgement, the end of that life, offers at the sink, and what was told of its outcomes. */
export function traceOf(
  all: readonly Acknowledged[],
  sink: Sink,
  endings: readonly Ending[],
  told: readonly LogEvent[],
): string[] {
  const clock = (ms: number) => new Date(ms).toISOString().slice(11)
  return all.map(({ token, id, at }) => {
    const life = /^r(\d+)/.exec(token)?.[1] ?? '?'
    const end = endings.find((e) => e.at >= at)
    const ended = end ? `, ${end.at - at} ms before its ${end.kind}` : ', in the last life'
    const facts = told.filter((e) => e.fields.id === id).map((e) => `${e.event} ${String(e.fields.time).slice(11)}`)
    const outcome = facts.length > 0 ? `told ${facts.join(', ')}` : 'no outcome told'
    return `${token} ${id}, load ${life}, acknowledged ${clock(at)}${ended}; offered ${sink.offers.get(token) ?? 0} times; ${outcome}`
  })
}
