/** The log sink: pino over our own output. */
import { pino } from 'pino'
import type { Level, LogSink } from '@postern/core'
import { fieldsFor } from './fields.ts'
import type { Output } from './output.ts'
import { prettyLine } from './pretty.ts'

export interface SinkOptions {
  readonly level: Level
  readonly format: 'json' | 'pretty'
  readonly colour: boolean
  readonly redact: readonly string[]
}

const RANK: Record<Level, number> = { debug: 20, info: 30, warn: 40, error: 50 }

/** As pino's isoTime; lines of one second share what costs. */
let second = -1
let upToSecond = ''
function isoTime(): string {
  const now = Date.now()
  const ms = now % 1000
  if (now - ms !== second) {
    second = now - ms
    upToSecond = `,"time":"${new Date(second).toISOString().slice(0, -4)}`
  }
  return `${upToSecond}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z"`
}

/** A sink that never throws: a field that cannot be written costs its line's fields, not the caller. */
export function sinkOver(output: Output, options: SinkOptions): LogSink {
  const stream =
    options.format === 'json'
      ? output
      : {
          write: (line: string) =>
            output.write(prettyLine(JSON.parse(line) as Record<string, unknown>, options.colour)),
        }
  const log = pino(
    {
      level: options.level,
      base: undefined,
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  const fieldsOf = fieldsFor(options.redact)
  const least = RANK[options.level]
  return {
    enabled: (level) => RANK[level] >= least,
    write(level, event, fields) {
      try {
        log[level]({ event, ...fieldsOf(fields) })
      } catch (error) {
        log[level]({ event, logFault: error instanceof Error ? error.message : 'unknown' })
      }
    },
    flush: () => output.flush(),
  }
}
