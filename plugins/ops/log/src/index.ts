/** @postern/ops-log: the log, one line an event. */
import { definePlugin, logSink } from '@postern/core'
import { logFacts } from './events.ts'
import { logFile } from './logFile.ts'
import { options as schema } from './options.ts'

export { logFile } from './logFile.ts'
export type { LogFile } from './logFile.ts'

export default definePlugin({
  name: 'ops-log',
  options: schema,
  provides: [logSink],
  apply(mta, options) {
    const log = logFile(options, mta.folder)
    mta.provide(logSink, log)
    logFacts(mta, log, options.level)
    mta.lifecycle({
      start: () => log.open(),
      stop: () => log.close(),
    })
  },
})
