/** Claims a domain, routes all mail to itself, and writes the subject of what it delivered into a file. */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { claim, deferred, definePlugin, delivered, routeTo } from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'tally',
  options: z.strictObject({
    file: z.string(),
    domain: z.string().default('here.example'),
    /** it cannot deliver now */
    away: z.boolean().default(false),
    /** a worker with this number cannot start with this configuration */
    failsIn: z.number().default(-1),
    /** a worker with this number ends without a word when it starts, while this file is there */
    diesIn: z.number().default(-1),
    diesWhile: z.string().default('/nonexistent'),
    /** ms that a delivery takes */
    takes: z.number().default(0),
  }),
  apply(mta, options) {
    mta.relay.tap((view) => (view.recipient.domain === options.domain ? claim('own domain') : undefined))
    mta.resolve.tap(() => routeTo('tally', undefined, { addressClass: 'local' }))
    mta.transport('tally')
    mta.deliver('tally', {
      deliver: async (job) => {
        if (options.away) return job.all(deferred('4.4.1', 'away'))
        if (options.takes > 0) await new Promise((done) => setTimeout(done, options.takes))
        return job.each(async () => {
          const subject = /^Subject: (.*)\r$/m.exec(Buffer.from(job.header).toString('latin1'))
          appendFileSync(options.file, `${subject[1]}\n`)
          return delivered('2.0.0', 'told')
        })
      },
    })
    mta.lifecycle({
      start() {
        const { index } = mta.site.worker
        if (index === options.failsIn) throw new Error(`worker ${index} does not like it`)
        if (index === options.diesIn && existsSync(options.diesWhile)) process.exit(3)
      },
      ready() {
        mta.shared.subscribe('tally', (message) => appendFileSync(`${options.file}.${process.pid}`, `${message}\n`))
        writeFileSync(`${options.file}.${process.pid}`, '')
      },
    })
    mta.on.received.tap((fact) => {
      mta.shared.publish('tally', fact.messageId)
      return undefined
    })
  },
})
