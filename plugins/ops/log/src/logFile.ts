/** The sink's life: before start nothing is opened, and at the end nothing is left in memory. */
import { isatty } from 'node:tty'
import { resolve } from 'node:path'
import { stderrSink } from '@postern/core'
import type { LogSink } from '@postern/core'
import type { Options } from './options.ts'
import { openOutput } from './output.ts'
import type { Output } from './output.ts'
import { sinkOver } from './sink.ts'

/** The `logSink` role, and what a rotation needs. */
export interface LogFile extends LogSink {
  open(): void
  /** after the file was renamed: go on in a new one of the same name */
  reopen(): void
  close(): void
}

export function logFile(options: Options, folder: string): LogFile {
  const file = options.file === '-' ? '-' : resolve(folder, options.file)
  let output: Output | undefined
  // what goes wrong before the start must be seen somewhere
  let sink: LogSink = stderrSink
  const atExit = () => output?.close()
  return {
    write: (level, event, fields) => sink.write(level, event, fields),
    enabled: (level) => sink.enabled(level),
    flush: () => output?.flush(),
    open() {
      if (output) return
      output = openOutput({ file, onFault: (error) => stderrSink.write('error', 'log.fault', { file, error }) })
      const terminal = file === '-' && isatty(1)
      sink = sinkOver(output, {
        level: options.level,
        format: options.format === 'auto' ? (terminal ? 'pretty' : 'json') : options.format,
        colour: terminal && !process.env.NO_COLOR,
        redact: options.redact,
      })
      // an uncaught exception comes by here too: what led to it must be on the disk
      process.on('exit', atExit)
    },
    reopen: () => output?.reopen(),
    close() {
      process.off('exit', atExit)
      output?.close()
      output = undefined
      sink = stderrSink
    },
  }
}
