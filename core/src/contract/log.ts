/** Logging as the core knows it: events with stable names and fields. What writes them is a plugin. */
import { textOf } from '../errors.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'
export interface Logger {
  debug(event: string, fields?: object): void
  info(event: string, fields?: object): void
  warn(event: string, fields?: object): void
  error(event: string, fields?: object): void
  /** true when this level is written: for events that cost something to make */
  enabled(level: Level): boolean
}
/** The role that writes log lines. */
export interface LogSink {
  write(level: Level, event: string, fields: Readonly<Record<string, unknown>>): void
  enabled(level: Level): boolean
  flush?(): Promise<void> | void
}

/** said once: a full disk would say it with every line */
let told = false

/** A logger over a sink that may be changed (reload) and that adds `base` to each event. */
export function logger(sink: () => LogSink, base: Readonly<Record<string, unknown>> = {}): Logger {
  const at = (level: Level) => (event: string, fields?: object) => {
    // a log that fails must not take mail with it
    try {
      const s = sink()
      if (s.enabled(level)) s.write(level, event, { ...base, ...(fields as Record<string, unknown>) })
    } catch (error) {
      if (!told)
        process.stderr.write(`postern: the log cannot be written: ${textOf(error)}
`)
      told = true
    }
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    enabled: (l) => sink().enabled(l),
  }
}

/** The same logger with more said in each event. */
export function withFields(log: Logger, more: Readonly<Record<string, unknown>>): Logger {
  return {
    debug: (event, fields) => log.debug(event, { ...more, ...fields }),
    info: (event, fields) => log.info(event, { ...more, ...fields }),
    warn: (event, fields) => log.warn(event, { ...more, ...fields }),
    error: (event, fields) => log.error(event, { ...more, ...fields }),
    enabled: (level) => log.enabled(level),
  }
}

/** Before a log plugin is there: warnings and errors to stderr, one JSON object a line. */
export const stderrSink: LogSink = {
  enabled: (level) => level === 'warn' || level === 'error',
  write: (level, event, fields) =>
    process.stderr.write(
      JSON.stringify({ level, time: new Date(), event, ...fields }, (_k, v: unknown) =>
        v instanceof Error ? v.message : v,
      ) + '\n',
    ),
}
/** What is written goes to each of them; a level that one of them writes is made. */
export const sinkOf = (sinks: readonly LogSink[]): LogSink => {
  if (sinks.length < 2) return sinks[0] ?? stderrSink
  return {
    enabled: (level) => sinks.some((s) => s.enabled(level)),
    write(level, event, fields) {
      for (const s of sinks) if (s.enabled(level)) s.write(level, event, fields)
    },
    async flush() {
      for (const s of sinks) await s.flush?.()
    },
  }
}
export const silentSink: LogSink = { enabled: () => false, write: () => undefined }
