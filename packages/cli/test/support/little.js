/** A whole little MTA in one plugin: a door that nobody can come through, one own domain, aliases, one way out. */
import {
  claim,
  deferred,
  definePlugin,
  delivered,
  edits,
  expand,
  header,
  refuse,
  routeTo,
  tableRef,
  transportRef,
} from '@postern/core'
import { z } from 'zod'

export default definePlugin({
  name: 'little',
  options: z.strictObject({
    domain: z.string().default('here.example'),
    aliases: tableRef().optional(),
    transport: transportRef().default('nowhere'),
    limits: z.strictObject({ deep: z.strictObject({ concurrency: z.number().default(1) }).prefault({}) }).prefault({}),
    /** the transport's answer: it cannot deliver now */
    away: z.boolean().default(false),
    /** mail of its own to have something in the queue */
    sends: z.array(z.string()).default([]),
    /** a drain that does not end by itself */
    slow: z.boolean().default(false),
    /** the process ends without a word */
    dies: z.boolean().default(false),
    /** an exception that nobody catches */
    crash: z.boolean().default(false),
    /** a promise that nobody holds */
    stray: z.boolean().default(false),
  }),
  apply(mta, options) {
    const aliases = options.aliases && mta.table(options.aliases)
    mta.listen('mx')
    mta.helo.tap((session) =>
      session.helo.name === 'spammer' ? refuse('5.7.1', 'Go away', { cause: 'known name' }) : undefined,
    )
    mta.relay.tap((view) => (view.recipient.domain === options.domain ? claim('own domain') : undefined))
    mta.rcpt.tap({ name: 'users', phase: 'late' }, (view) =>
      view.recipient.local === 'nobody'
        ? refuse('5.1.1', `<${view.recipient.text}>: User unknown`, { code: 550 })
        : undefined,
    )
    mta.cleanup.tap({ body: 'headers' }, (draft) =>
      draft.header.get('Subject') === 'mark me' ? edits([header.insert('X-Marked', 'yes')]) : undefined,
    )
    mta.resolve.tap(async (view, call) => {
      const answer = await aliases?.get(view.recipient.text, call)
      return answer?.kind === 'found' ? expand(answer.value.split(' ')) : undefined
    })
    mta.resolve.tap({ name: 'way' }, () => routeTo(options.transport, undefined, { addressClass: 'local' }))
    mta.transport(options.transport)
    mta.deliver('nowhere', {
      deliver: async (job) =>
        job.all(options.away ? deferred('4.4.1', 'the other side is away') : delivered('2.0.0', 'gone')),
    })
    mta.lifecycle({
      start: () => (options.dies ? process.exit(3) : undefined),
      drain: (signal) =>
        options.slow ? new Promise((done) => signal.addEventListener('abort', () => done())) : undefined,
      async ready() {
        mta.log.info('listener.open', { address: '127.0.0.1', port: 2525, protocol: 'smtp' })
        if (options.crash)
          setTimeout(() => {
            throw new Error('nobody catches me')
          }, 50)
        if (options.stray) void Promise.reject(new Error('nobody holds me'))
        for (const to of options.sends)
          await mta.submit({ sender: `me@${options.domain}`, recipients: [to], content: 'Subject: hello\n\nHello!\n' })
      },
    })
  },
})
