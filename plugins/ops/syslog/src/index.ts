/** @postern/ops-syslog: what Postern does as Postfix's log lines, to a file or to syslog. */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { definePlugin, logSink, stderrSink } from '@postern/core'
import { Anvil } from './anvil.ts'
import { Dialogues } from './dialogues.ts'
import { eventSink } from './events.ts'
import { FileOutput } from './file.ts'
import { Maillog } from './maillog.ts'
import { options as schema } from './options.ts'
import type { Options } from './options.ts'
import type { Output } from './output.ts'
import { QueueLines } from './queue.ts'
import { Smtpd } from './smtpd.ts'
import { SocketOutput } from './socket.ts'
import { Tags } from './tags.ts'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

export default definePlugin({
  name: 'ops-syslog',
  options: schema,
  provides: [logSink],
  apply(mta, options) {
    const { pid } = process
    const now = () => mta.clock.now()
    const log = new Maillog({
      facility: options.maillogFile === '' ? options.syslogFacility : undefined,
      hostname: mta.site.myhostname,
      now,
    })
    const tags = new Tags(options)
    const told = new Set<string>()
    const anvil = new Anvil(options.anvilRateTimeUnit, now)
    // sessions go on over a reload, and keep their numbers
    const dialogues = mta.keep(
      `${mta.name}/dialogues`,
      () => new Dialogues(pid),
      () => undefined,
    )
    const smtpd = new Smtpd({ log, tags, dialogues, anvil, told, tls: options.smtpdTlsLoglevel > 0 })
    const queue = new QueueLines({ log, tags, smtpd, pid, digits: options.delayLoggingResolutionLimit })
    smtpd.tap(mta)
    queue.tap(mta)
    mta.provide(
      logSink,
      eventSink({
        log,
        tags,
        dialogues,
        queue,
        anvil,
        pid,
        isFirst: mta.site.worker.index === 0,
        version,
        tls: options.smtpTlsLoglevel > 0,
        told,
      }),
    )
    const statistics = () => {
      for (const line of anvil.take()) log.info(tags.of('anvil'), pid, line)
    }
    const atExit = () => void log.close()
    let timer: NodeJS.Timeout | undefined
    mta.lifecycle({
      async start() {
        log.open(await openOutput(options, mta.folder))
        // an uncaught exception comes by here too: what led to it must be on the disk
        process.on('exit', atExit)
        if (options.anvilStatusUpdateTime > 0) timer = setInterval(statistics, options.anvilStatusUpdateTime).unref()
      },
      stop() {
        clearInterval(timer)
        if (options.anvilStatusUpdateTime > 0) statistics()
        process.off('exit', atExit)
        return log.close()
      },
    })
  },
})

async function openOutput(options: Options, folder: string): Promise<Output> {
  const { maillogFile, syslogSocket } = options
  const file = maillogFile || syslogSocket
  const tell = (error: Error) => stderrSink.write('error', 'log.fault', { file, error })
  if (maillogFile === '') return SocketOutput.open(syslogSocket, tell)
  return new FileOutput(resolve(folder, maillogFile), tell)
}
