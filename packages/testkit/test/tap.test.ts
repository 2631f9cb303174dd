import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import * as core from '@postern/core'
import {
  deferred,
  defer,
  definePlugin,
  delivered,
  duration,
  edits,
  envelope,
  header,
  permit,
  refuse,
} from '@postern/core'
import {
  commandView,
  draftView,
  fakeCall,
  fakeClock,
  job,
  mailView,
  rcptView,
  resolveView,
  sessionView,
  tap,
} from '@postern/testkit'

const seen = core.transactionSlot<number>('test.seen')
const score = core.mark('test.score', z.number())
const counters = core.roleOne<{ next(): number }>('test.counters')

const sample = definePlugin({
  name: 'sample',
  options: z.strictObject({ delay: duration().prefault('5m'), table: core.tableRef().optional() }),
  needs: { counters },
  optional: ['counters'],
  provides: [core.tableTypes],
  apply(mta, options, needs) {
    const table = options.table && mta.table(options.table)
    const slot = mta.slot(seen)
    mta.connect.tap((view) => (view.client.address === '192.0.2.66' ? refuse('5.7.1', 'No') : undefined))
    mta.mail.tap((view) => {
      slot.set(view, 1 + (view.slots.get(seen) ?? 0))
      return undefined
    })
    mta.rcpt.tap(async (view, call) => {
      const answer = await table?.get(view.recipient.text, call)
      if (answer?.kind === 'failed') return defer('4.3.0', 'table')
      return answer?.kind === 'found' ? refuse('5.1.1', answer.value) : undefined
    })
    mta.rcpt.tap((view) => edits([header.insert('X-Seen', String(view.slots.get(seen)))]))
    mta.rcpt.tap((view) => (view.sender.text === '' ? permit() : undefined))
    mta.rcpt.tap(() => defer('4.7.1', `wait ${options.delay}`))
    mta.cleanup.tap({ body: 'lines' }, async (draft) => {
      for await (const line of draft.lines()) if (line.includes('virus')) return refuse('5.7.1', 'virus')
      return edits([envelope.mark(score, draft.header.all('X').length)])
    })
    mta.resolve.tap(async (view, call) => {
      const to = await mta.resolve(view.original, call)
      return to.kind === 'routes' ? core.routeTo(to.routes[0]!.transport) : undefined
    })
    mta.command('ETRN', { keyword: 'ETRN' }, (view) => core.reply(250, '2.0.0', view.argument))
    mta.on.received.tap((fact) => {
      mta.background(
        async () => void (await mta.submit({ sender: '', recipients: ['x@y.example'], content: fact.messageId })),
      )
      return undefined
    })
    mta.deliver('half', {
      deliver: (j) =>
        j.each((r) => {
          if (r.n === 1) throw new Error('broken pipe')
          return delivered('2.0.0', `${needs.counters?.next() ?? 0}`)
        }),
    })
    mta.deliver('throws', {
      deliver: async (j) => {
        j.settle(j.recipients[0]!, deferred('4.2.0', 'first'))
        throw new Error('lost')
      },
    })
    mta.provideNamed(core.tableTypes, 'sample', { open: () => ({ get: () => core.absent() }) })
    mta.lifecycle({
      start: () => mta.log.info('started'),
      stop: () => mta.log.info('stopped'),
    })
  },
})

test('options are checked and filled by the schema', async () => {
  assert.throws(() => tap(sample, { dealy: 1 } as never), /dealy/)
  const answer = (await tap(sample, { delay: '10s' }).rcpt(rcptView())) as core.Edits<core.AnyEdit, core.Defer>
  assert.is(answer.verdict?.text, 'wait 10000')
})

test('the first verdict ends the list; edits before it stay', async () => {
  const t = tap(sample)
  assert.is(await t.connect(sessionView()), undefined)
  assert.is((await t.connect(sessionView({ client: { address: '192.0.2.66' } })))?.kind, 'refuse')
  const answer = (await t.rcpt(rcptView({ sender: '' }))) as core.Edits<core.AnyEdit, core.Permit>
  assert.equal(answer.verdict, permit())
  assert.is(answer.edits.length, 1)
})

test('a slot that mail wrote is there at rcpt, and not in another transaction', async () => {
  const t = tap(sample)
  const mail = mailView()
  await t.mail(mail)
  await t.mail(mail)
  const value = async (view: core.RcptView) => ((await t.rcpt(view)) as core.Edits<core.InsertHeader>).edits[0]!.value
  assert.is(await value(rcptView({ mail })), '2')
  assert.is(await value(rcptView()), 'undefined')
  assert.is(await value(rcptView({ session: mail.session })), 'undefined', 'the next transaction of the session')
})

test('tables: found, absent, failed, and one the test does not know', async () => {
  const ask = async (like: object | undefined) => {
    const t = tap(sample, { table: 'hash:/etc/x' }, { tables: like ? { 'hash:/etc/x': like as never } : {} })
    const a = (await t.rcpt(rcptView({ sender: '' }))) as {
      kind: string
      verdict?: { kind: string }
      text?: string
    }
    return a.verdict?.kind ?? `${a.kind} ${a.text}`
  }
  assert.is(await ask({ 'user@site.example': 'moved' }), 'refuse moved')
  assert.is(await ask({ other: 'x' }), 'permit')
  assert.is(await ask(() => core.failed('down')), 'defer table')
  assert.is(await ask(undefined), 'defer table')
})

test('cleanup sees its tier, passes bounces over, and answers marks', async () => {
  const t = tap(sample)
  const view = draftView({ tier: 'lines', header: { X: '1', Subject: 's' }, body: 'fine\n' })
  assert.equal(await t.cleanup(view), { kind: 'edits', edits: [envelope.mark(score, 1)], verdict: undefined })
  assert.is((await t.cleanup(draftView({ tier: 'lines', body: 'a virus\n' })))?.kind, 'refuse')
  const bounce = draftView({ tier: 'lines', body: 'a virus\n', origin: { kind: 'bounce', by: 'bounce', of: 'X' } })
  assert.is(await t.cleanup(bounce), undefined)
})

test('commands by verb; an unknown one is not answered', async () => {
  const t = tap(sample)
  assert.equal(await t.command(commandView({ verb: 'ETRN', argument: 'x' })), core.reply(250, '2.0.0', 'x'))
  assert.is(await t.command(commandView({ verb: 'XYZ' })), undefined)
})

test('mta.resolve is answered by the test, mta.submit written down', async () => {
  const route = { address: 'a', transport: 'smtp', nexthop: 'b' }
  const t = tap(sample, {}, { resolve: () => ({ kind: 'routes', routes: [route], failures: [] }) })
  assert.is(((await t.resolve(resolveView())) as core.Route).transport, 'smtp')
  t.tell('received', { messageId: 'M1', origin: { kind: 'submit', by: 'x' }, sender: '', recipients: 1, size: 1 })
  await t.stop()
  assert.is(t.submitted[0]?.draft.content, 'M1')
})

test('deliver: a throw defers one recipient in each(), the rest outside', async () => {
  const t = tap(sample, {}, { needs: { counters: { next: () => 7 } } })
  const j = job({ recipients: ['a@x.example', 'b@x.example', 'c@x.example'] })
  const outcomes = await t.deliver('half', j)
  assert.equal(
    [...outcomes.values()].map((o) => `${o.kind} ${o.text}`),
    ['delivered 7', 'deferred broken pipe', 'delivered 7'],
  )
  const lost = await t.deliver('throws', job({ recipients: ['a@x.example', 'b@x.example'] }))
  assert.equal(
    [...lost.values()].map((o) => `${o.esc} ${o.text}`),
    ['4.2.0 first', '4.3.0 lost'],
  )
  await t.deliver('nothing', j).then(
    () => assert.unreachable(),
    (e: Error) => assert.match(e.message, 'half, throws'),
  )
})

test('lifecycle, log, provided roles, clock', async () => {
  const clock = fakeClock(77)
  const t = tap(sample, {}, { clock, as: 'mine' })
  await t.start()
  await t.stop()
  assert.equal(
    t.logged.map((l) => [l.event, l.fields.use]),
    [
      ['started', 'mine'],
      ['stopped', 'mine'],
    ],
  )
  assert.ok(t.provided('tableTypes', 'sample'))
  assert.is(fakeCall({ clock }).clock.now(), 77)
})

test('what would be a fault in the core throws here', async () => {
  const broken = (answer: unknown) =>
    definePlugin({ name: 'broken', options: z.strictObject({}), apply: (mta) => mta.relay.tap(() => answer as never) })
  for (const answer of [null, true, 'ok', { kind: 'permit' }, edits([header.remove('X')])]) {
    await tap(broken(answer))
      .relay(rcptView())
      .then(
        () => assert.unreachable(JSON.stringify(answer)),
        (e: Error) => assert.match(e.message, 'a tap of relay answered'),
      )
  }
  const late = definePlugin({
    name: 'late',
    options: z.strictObject({}),
    apply: (mta) => mta.lifecycle({ start: () => mta.connect.tap(() => undefined) }),
  })
  await tap(late)
    .start()
    .then(
      () => assert.unreachable(),
      (e: Error) => assert.match(e.message, 'after apply'),
    )
})

test('a need that is missing is named', () => {
  const needy = definePlugin({
    name: 'needy',
    options: z.strictObject({}),
    needs: { counters },
    apply: () => undefined,
  })
  assert.throws(() => tap(needy), /needy needs test.counters/)
})

test.run()
