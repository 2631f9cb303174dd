/** Logging as the core knows it: events with stable names and fields. What writes them is a plugin. */
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
  /** the file was moved away: open it anew */
  reopen?(): Promise<void> | void
}

/** A logger over a sink that may be changed (reload) and that adds `base` to each event. */
export function logger(sink: () => LogSink, base: Readonly<Record<string, unknown>> = {}): Logger {
  const at = (level: Level) => (event: string, fields?: object) => {
    const s = sink()
    if (s.enabled(level)) s.write(level, event, { ...base, ...(fields as Record<string, unknown>) })
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    enabled: (l) => sink().enabled(l),
  }
}

/** Before a log plugin is there: warnings and errors to stderr, one JSON object a line. */
export const stderrSink: LogSink = {
  enabled: (level) => level === 'warn' || level === 'error',
  write: (level, event, fields) =>
    process.stderr.write(
      JSON.stringify({ level, event, ...fields }, (_k, v: unknown) => (v instanceof Error ? v.message : v)) + '\n',
    ),
}
export const silentSink: LogSink = { enabled: () => false, write: () => undefined }
