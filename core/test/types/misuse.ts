/** What the contract refuses at compile time. Nothing here runs: `tsc` is the test, each `@ts-expect-error` a case. */
import { z } from 'zod'
import {
  addressClasses,
  body,
  claim,
  deferred,
  defer,
  definePlugin,
  delivered,
  discard,
  duration,
  edits,
  envelope,
  expand,
  failedWith,
  found,
  hangUp,
  header,
  hold,
  logSink,
  mark,
  permit,
  queueStore,
  refuse,
  reply,
  report,
  resolver,
  roleOne,
  routeTo,
  session,
  sessionSlot,
  silent,
  tableRef,
  tableTypes,
  transactionSlot,
} from '@postern/core'
import type { DraftView, Job, Mta, RcptView, SessionView } from '@postern/core'

const score = transactionSlot<number>('t.score')
const seen = sessionSlot<Set<string>>('t.seen')
const verified = mark('t.verified', z.boolean())
const none = z.strictObject({})

/** A block of its own per stage, so that a wrong tap does not hide another. */
export function verdicts(mta: Mta) {
  // @ts-expect-error a claim is for relay alone
  mta.rcpt.tap(() => claim('mine'))
  // @ts-expect-error a whitelist opens no relay
  mta.relay.tap(() => permit())
  // @ts-expect-error nothing can be dropped before there is a recipient
  mta.mail.tap(() => discard())
  // @ts-expect-error hold is an edit at rcpt
  mta.rcpt.tap(() => hold('look at it'))
  // @ts-expect-error hold is an edit at cleanup
  mta.cleanup.tap({ body: 'none' }, () => hold('look at it'))
  // @ts-expect-error the client waits for a reply to the content
  mta.cleanup.tap({ body: 'none' }, () => hangUp('4.7.0', 'bye'))
  // @ts-expect-error nothing to permit behind the commit
  mta.cleanup.tap({ body: 'none' }, () => permit())
  // @ts-expect-error routes are for resolve
  mta.rcpt.tap(() => routeTo('smtp'))
  // @ts-expect-error expansion is for resolve
  mta.attempt.tap(() => expand(['a@b.example']))
  // @ts-expect-error no client is there to be hung up on
  mta.resolve.tap(() => hangUp('4.7.0', 'bye'))
  // @ts-expect-error mail is not dropped by address resolution
  mta.resolve.tap(() => discard())
  // @ts-expect-error an attempt is not the place for a permanent failure
  mta.attempt.tap(() => refuse('5.7.1', 'no'))
  // @ts-expect-error a report is a draft or silence
  mta.report.tap(() => defer('4.3.0', 'later'))
  // @ts-expect-error a draft has recipients
  mta.report.tap(() => report({ sender: '', content: 'x' }))
  // @ts-expect-error a command answers a reply
  mta.command('ETRN', { keyword: 'ETRN' }, () => refuse('5.7.1', 'no'))
  // @ts-expect-error a 4.x.x code does not refuse
  mta.rcpt.tap(() => refuse('4.7.1', 'later'))
  // @ts-expect-error a 5.x.x code does not defer
  mta.rcpt.tap(() => defer('5.7.1', 'never'))
  // @ts-expect-error an enhanced status code has three parts
  mta.rcpt.tap(() => refuse('5.7', 'no'))
  // @ts-expect-error code and text are two arguments
  mta.rcpt.tap(() => refuse('550 5.7.1 no'))
  // @ts-expect-error nothing to say is undefined, never null
  mta.rcpt.tap(() => null)
  // @ts-expect-error a string is no answer
  mta.rcpt.tap(() => 'reject')
  // @ts-expect-error true is no answer
  mta.rcpt.tap(() => true)
  // @ts-expect-error nor is an SMTP code
  mta.rcpt.tap(async () => 550)
  // @ts-expect-error a verdict made by hand needs all of its fields
  mta.rcpt.tap(() => ({ kind: 'refuse', text: 'no' }) as const)
  // @ts-expect-error a thrown-away callback style
  mta.rcpt.tap((view: RcptView, next: () => void) => next())
  // @ts-expect-error no such hook
  mta.recipient.tap(() => undefined)
  // @ts-expect-error phases are early, normal and late
  mta.rcpt.tap({ phase: 'first' }, () => undefined)
  // @ts-expect-error options come before the function
  mta.rcpt.tap(() => undefined, { phase: 'early' })
}

export function editCases(mta: Mta) {
  // @ts-expect-error there is no header at connect
  mta.connect.tap(() => edits([header.insert('X-A', 'b')]))
  // @ts-expect-error there is no body at rcpt
  mta.rcpt.tap(() => edits([body.replace('x')]))
  // @ts-expect-error relay decides and changes nothing
  mta.relay.tap(() => edits([envelope.mark(verified, true)]))
  // @ts-expect-error resolve changes no header
  mta.resolve.tap(() => edits([header.remove('X-A')]))
  // @ts-expect-error the session is over in cleanup
  mta.cleanup.tap({ body: 'none' }, () => edits([session.client({ helo: 'x' })]))
  // @ts-expect-error edits beside a verdict this stage does not have
  mta.rcpt.tap(() => edits([header.insert('X-A', 'b')], claim('mine')))
  // @ts-expect-error edits come as a list
  mta.rcpt.tap(() => edits(header.insert('X-A', 'b')))
  // @ts-expect-error an edit alone is no answer
  mta.rcpt.tap(() => header.insert('X-A', 'b'))
  // @ts-expect-error a header's value is text
  mta.rcpt.tap(() => edits([header.insert('X-Score', 5)]))
  // @ts-expect-error a mark has the type of its schema
  mta.rcpt.tap(() => edits([envelope.mark(verified, 'yes')]))
}

export function tiers(mta: Mta) {
  // @ts-expect-error cleanup asks for a tier
  mta.cleanup.tap(() => undefined)
  // @ts-expect-error not a tier
  mta.cleanup.tap({ body: 'all' }, () => undefined)
  // @ts-expect-error `none` has no header
  mta.cleanup.tap({ body: 'none' }, (d) => void d.header.get('subject'))
  // @ts-expect-error `stream` has no lines
  mta.cleanup.tap({ body: 'stream' }, (d) => void d.lines())
  // @ts-expect-error `headers` has no parts
  mta.cleanup.tap({ body: 'headers' }, (d) => void d.parts())
  // @ts-expect-error `mime` has no stream of the whole
  mta.cleanup.tap({ body: 'mime' }, (d) => void d.stream())
  // @ts-expect-error not an origin
  mta.cleanup.tap({ body: 'none', origins: ['http'] }, () => undefined)
}

export function facts(mta: Mta) {
  // @ts-expect-error a fact is told synchronously; use mta.background
  mta.on.received.tap(async () => undefined)
  // @ts-expect-error a fact is not answered
  mta.on.refused.tap(() => permit())
  // @ts-expect-error no such fact
  mta.on.delivered.tap(() => undefined)
  // @ts-expect-error a fact has no session when no client brought the mail
  mta.on.received.tap((f) => void f.session.id)
}

export function views(view: RcptView, s: SessionView, d: DraftView<'headers'>, job: Job) {
  // @ts-expect-error readonly
  view.sender = view.recipient
  // @ts-expect-error readonly
  view.recipient.domain = 'x'
  // @ts-expect-error readonly
  view.accepted.push(view.recipient)
  // @ts-expect-error readonly
  view.parameters.size = 0
  // @ts-expect-error readonly
  s.client.name = 'trusted'
  // @ts-expect-error readonly
  s.helo = { verb: 'HELO', name: 'x' }
  // @ts-expect-error readonly
  s.auth = { user: 'root', mechanism: 'PLAIN' }
  // @ts-expect-error readonly
  d.recipients[0] = { address: 'a@b.example', original: '', bcc: false }
  // @ts-expect-error readonly
  d.header.fields.length = 0
  // @ts-expect-error readonly
  job.envelope.sender = ''
  // @ts-expect-error readonly
  job.envelope.marks.x = true
  // @ts-expect-error slots are written by their plugin's writer
  view.slots.set(score, 1)
  // @ts-expect-error HELO may not have been said
  void s.helo.name
}

export function tokens(mta: Mta, view: RcptView) {
  // @ts-expect-error the slot's type is number
  mta.slot(score).set(view, '5')
  // @ts-expect-error the slot's type is a set
  mta.slot(seen).set(view.session, ['a'])
  // @ts-expect-error what is read has the slot's type
  const text: string | undefined = view.slots.get(score)
  // @ts-expect-error a mark must survive a restart as JSON
  mark('t.when', z.date())
  // @ts-expect-error a function is not JSON
  mark('t.fn', z.custom<() => void>())
  return text
}

export const roles = [
  definePlugin({
    name: 'unprovided',
    options: none,
    // @ts-expect-error a role that `provides` does not name
    apply: (mta) => mta.provide(resolver, {} as never),
  }),
  definePlugin({
    name: 'other-role',
    options: none,
    provides: [logSink],
    // @ts-expect-error provides another one
    apply: (mta) => mta.provide(queueStore, {} as never),
  }),
  definePlugin({
    name: 'wrong-impl',
    options: none,
    provides: [logSink],
    // @ts-expect-error not a log sink
    apply: (mta) => mta.provide(logSink, { print: () => undefined }),
  }),
  definePlugin({
    name: 'no-name',
    options: none,
    provides: [tableTypes],
    // @ts-expect-error a named role needs a name
    apply: (mta) => mta.provide(tableTypes, { open: () => ({ get: () => found('x') }) }),
  }),
  definePlugin({
    name: 'named-one',
    options: none,
    provides: [logSink],
    // @ts-expect-error a role of the kind one has no names
    apply: (mta) => mta.provideNamed(logSink, 'mine', { write: () => undefined, enabled: () => true }),
  }),
  definePlugin({
    name: 'one-as-named',
    options: none,
    needs: { dns: resolver },
    apply: (_mta, _o, needs) => {
      // @ts-expect-error one implementation, not several by name
      needs.dns.names()
    },
  }),
  definePlugin({
    name: 'named-as-one',
    options: none,
    needs: { types: tableTypes },
    apply: (_mta, _o, needs) => {
      // @ts-expect-error several by name, not one
      needs.types.open({} as never, {} as never)
    },
  }),
  definePlugin({
    name: 'undeclared',
    options: none,
    needs: { dns: resolver },
    apply: (_mta, _o, needs) => {
      // @ts-expect-error not among the needs
      void needs.classes
    },
  }),
  definePlugin({
    name: 'optional-typo',
    options: none,
    needs: { classes: addressClasses },
    // @ts-expect-error not a need's property name
    optional: ['clases'],
    apply: () => undefined,
  }),
  // @ts-expect-error a plugin has options, if only none
  definePlugin({ name: 'bare', apply: () => undefined }),
  // @ts-expect-error apply is synchronous
  definePlugin({ name: 'async', options: none, apply: async () => undefined }),
]

const greylist = definePlugin({
  name: 'greylist',
  options: z.strictObject({
    delay: duration().prefault('5m'),
    table: tableRef().optional(),
    mode: z.enum(['on', 'off']).default('on'),
  }),
  apply: (mta, options) => {
    // @ts-expect-error milliseconds by now, no text
    options.delay.endsWith('m')
    // @ts-expect-error a table may not be configured
    mta.table(options.table)
    // @ts-expect-error a table is made from its option, not from a name
    mta.table('hash:/etc/x')
  },
})
export const uses = [
  // @ts-expect-error misspelt option
  greylist({ dely: 60 }),
  // @ts-expect-error wrong type
  greylist({ delay: true }),
  // @ts-expect-error wrong word
  greylist({ mode: 'maybe' }),
  // @ts-expect-error misspelt fault policy
  greylist({}, { onFault: 'ignore' }),
  // @ts-expect-error misspelt key
  greylist({}, { onfault: 'pass' }),
  // @ts-expect-error milliseconds here, no text
  greylist({}, { timeout: '5s' }),
  // @ts-expect-error misspelt option in a listener's scope
  greylist({}, { onListener: { mx: { dely: 1 } } }),
]

export function deliveries(mta: Mta) {
  // @ts-expect-error deliver must prove that every recipient has an outcome
  mta.deliver('x', { deliver: async () => undefined })
  // @ts-expect-error an outcome is not the proof
  mta.deliver('x', { deliver: async () => delivered('2.0.0', 'ok') })
  // @ts-expect-error the proof cannot be made by hand
  mta.deliver('x', { deliver: async () => ({}) })
  // @ts-expect-error delivered has a 2.x.x code
  mta.deliver('x', { deliver: async (job) => job.all(delivered('5.1.1', 'no')) })
  // @ts-expect-error deferred has a 4.x.x code
  mta.deliver('x', { deliver: async (job) => job.all(deferred('5.1.1', 'no')) })
  // @ts-expect-error failed has a 5.x.x code
  mta.deliver('x', { deliver: async (job) => job.all(failedWith('4.1.1', 'no')) })
  // @ts-expect-error a verdict is no outcome
  mta.deliver('x', { deliver: (job) => job.each(() => refuse('5.1.1', 'no')) })
  // @ts-expect-error limits are numbers
  mta.deliver('x', { limits: { concurrency: '5' }, deliver: async (job) => job.all(delivered('2.0.0', 'ok')) })
}

/** What must compile: the same things, said rightly. */
export const right = definePlugin({
  name: 'right',
  options: z.strictObject({ delay: duration().prefault('5m'), table: tableRef().optional() }),
  needs: { dns: resolver, classes: addressClasses, types: tableTypes },
  optional: ['classes'],
  provides: [logSink, tableTypes],
  apply(mta, options, needs) {
    const table = options.table && mta.table(options.table)
    const wait: number = options.delay
    mta.connect.tap((s) => (s.client.name === 'unknown' ? hangUp('4.7.0', 'who are you?') : undefined))
    mta.helo.tap(async (s) => (s.helo?.name === 'x' ? refuse('5.7.1', 'no') : undefined))
    mta.mail.tap((v) => edits([session.deferIfPermit('4.7.1', 'later'), envelope.mark(verified, v.sender.text !== '')]))
    mta.relay.tap((v) => (v.recipient.domain === 'example.org' ? claim('own destination') : undefined))
    mta.rcpt.tap({ phase: 'early', reads: [score], timeout: wait }, async (v, call) => {
      const answer = await table?.get(v.recipient.text, call)
      if (answer?.kind === 'failed') return defer('4.3.0', 'lookup failed', { cause: answer.cause })
      return (v.slots.get(score) ?? 0) > 5 ? discard('spam') : edits([header.insert('X-Seen', 'yes')], permit())
    })
    mta.data.tap((v) => (v.accepted.length > 10 ? refuse('5.5.3', 'too many', { code: 550 }) : undefined))
    mta.cleanup.tap({ body: 'none' }, () => edits([hold('quarantine'), envelope.bcc('archive@example.org')]))
    mta.cleanup.tap({ body: 'mime', origins: ['smtp', 'bounce'] }, async (d) => {
      for await (const part of d.parts())
        if (part.contentType === 'application/x-msdownload') return refuse('5.7.1', 'no')
      return edits([body.replace('x'), header.remove('X-A')])
    })
    mta.resolve.tap(async (v) => {
      const c = await needs.classes.classOf(v.recipient, {} as never)
      return c.kind === 'failed'
        ? defer('4.3.0', 'later')
        : routeTo('smtp', v.recipient.domain, { addressClass: c.class })
    })
    mta.attempt.tap((v) => (v.attempts > 3 ? hold('look at it') : defer('4.7.0', 'quiet hours')))
    mta.report.tap((v) =>
      v.sender === '' ? silent('null sender') : report({ sender: '', recipients: [v.sender], content: 'x' }),
    )
    mta.command('ETRN', { keyword: 'ETRN' }, (v) => (v.argument ? reply(250, '2.0.0', 'queued') : undefined))
    mta.on.received.tap((f) => mta.background(async () => void f.messageId) as undefined)
    mta.provide(logSink, { write: () => undefined, enabled: () => true })
    mta.provideNamed(tableTypes, 'mine', { open: () => ({ get: () => found('x') }) })
    mta.deliver('mine', {
      limits: { concurrency: 2 },
      deliver: (job) => job.each((r) => delivered('2.1.5', r.address)),
    })
    void needs.types.get('hash')
    void needs.dns.mx
    mta.slot(score)
    void mta.keep(
      'pool',
      () => new Map<string, number>(),
      (m) => m.clear(),
    )
  },
})
export const counters = roleOne<{ add(key: string): Promise<number> }>('t.counters')
export const rightUse = right(
  { delay: '1h30m', table: 'hash:/x' },
  { as: 'second', onFault: 'hold', onListener: { mx: { delay: 5 } } },
)
