/** Signals, and errors that nobody caught. */
import type { Logger } from '@postern/core'
import { EX } from '../exit.ts'

interface Wishes {
  stop(now: boolean): void
  reload(): void
}
/** SIGTERM and SIGINT stop gracefully, the second one at once; SIGHUP reloads. */
export function watchSignals(wishes: Wishes): () => void {
  let asked = false
  const stop = () => {
    wishes.stop(asked)
    asked = true
  }
  const reload = () => wishes.reload()
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', reload)
  return () => process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', reload)
}

/** A promise that a plugin let go of is told and forgotten; after an uncaught exception nothing can be relied on. */
export function watchStrays(log: () => Pick<Logger, 'error'>, last: () => void): void {
  process.on('unhandledRejection', (reason) => {
    log().error('plugin.strayRejection', { cause: reason instanceof Error ? reason.stack : String(reason) })
  })
  process.on('uncaughtException', (error) => {
    try {
      log().error('process.uncaughtException', { cause: error.stack ?? error.message })
    } finally {
      process.stderr.write(`postern: uncaught exception, the queue is safe on disk: ${error.stack ?? error.message}\n`)
      last()
      // the log plugin writes what it has gathered when the process exits
      process.exit(EX.SOFTWARE)
    }
  })
}
