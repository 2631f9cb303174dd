/** Log events of an MTA under test. */
import type { Level, LogSink } from '@postern/core'
import { until } from '../wait.ts'

export interface LogEvent {
  readonly level: Level
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}
/** The events in order, with ways to find one. */
export interface CapturedLog extends ReadonlyArray<LogEvent> {
  /** all events of this name */
  named(event: string): readonly LogEvent[]
  /** Resolves with the first event of this name whose fields contain `fields`; those seen already count. */
  waitFor(event: string, fields?: Readonly<Record<string, unknown>>, ms?: number): Promise<LogEvent>
}

class Captured extends Array<LogEvent> implements CapturedLog {
  // map and filter give plain arrays
  static override get [Symbol.species]() {
    return Array
  }
  named(event: string): readonly LogEvent[] {
    return this.filter((e) => e.event === event)
  }
  waitFor(event: string, fields: Readonly<Record<string, unknown>> = {}, ms?: number): Promise<LogEvent> {
    const fits = (e: LogEvent) => Object.entries(fields).every(([k, v]) => e.fields[k] === v)
    return until(`log event ${event} ${JSON.stringify(fields)}`, () => this.named(event).find(fits), ms)
  }
}

export function captureLog(): { log: CapturedLog; sink: LogSink } {
  const log = new Captured()
  const sink: LogSink = {
    enabled: () => true,
    write: (level, event, fields) => void log.push({ level, event, fields }),
  }
  return { log, sink }
}

/** JSON lines that a daemon writes (the plugin ops-log, or the core before it is there); other lines are passed over. */
export function readLogLines(text: string): LogEvent[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    try {
      const { level, event, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
      return [{ level: level as Level, event: String(event ?? msg), fields }]
    } catch {
      // half a line, or somebody else's output
      return []
    }
  })
}
