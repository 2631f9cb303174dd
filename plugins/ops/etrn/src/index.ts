/** @postern/ops-etrn: a site that was away asks for its mail (RFC 1985). */
import { addressClasses, definePlugin, ownCall } from '@postern/core'
import type { AddressClasses, MaybePromise, Mta, Timer } from '@postern/core'
import { clientList } from './clients.ts'
import { etrn } from './command.ts'
import { listed, relayClass } from './domains.ts'
import type { Served } from './domains.ts'
import { domainOf, Flush } from './flush.ts'
import { options } from './options.ts'
import type { Options } from './options.ts'
import { WaitingRecord } from './record.ts'

/** ms one question to a table may take that no client waits for */
const QUESTION = 30_000

export default definePlugin({
  name: 'ops-etrn',
  options,
  needs: { classes: addressClasses },
  optional: ['classes'],
  apply(mta, chosen, needs) {
    const { fastFlushDomains } = chosen
    const served: Served = fastFlushDomains
      ? listed(fastFlushDomains, (ref) => mta.table(ref))
      : (domain, call) => byClass(needs.classes)(domain, call)
    const record = keptRecord(mta, chosen)
    const { queue, log } = mta
    const background: Mta['background'] = (fn) => mta.background(fn)
    const recorded = (domain: string) => mayBeAskedFor(served, domain, mta)
    const make = () => new Flush(record(), { queue, log, background, recorded })

    command(mta, chosen, served)
    facts(mta, record, recorded)
    run(mta, chosen, record, make)
  },
})

const byClass = (classes: AddressClasses | undefined): Served => (classes ? relayClass(classes) : () => false)

/** Where it cannot be found out, the mail is recorded: whether it may be asked for is found out again then. */
function mayBeAskedFor(served: Served, domain: string, mta: Mta<never>): MaybePromise<boolean> {
  const { call, done } = ownCall(mta.clock, mta.log, QUESTION)
  const answer = served(domain, call)
  if (answer instanceof Promise)
    return answer
      .then(
        (a) => a !== false,
        () => true,
      )
      .finally(done)
  done()
  return answer !== false
}

/** A reload that changes nothing here need not read the queue again. */
const keptRecord = (mta: Mta<never>, chosen: Options): (() => WaitingRecord) =>
  mta.keep(
    `${mta.name} waiting mail ${JSON.stringify(chosen)}`,
    () => new WaitingRecord(chosen.fastFlushRecordLimit),
    () => undefined,
  )

function command(mta: Mta<never>, chosen: Options, served: Served): void {
  const mayAsk = clientList(chosen.etrnNetworks)
  const { log } = mta
  mta.command('ETRN', { keyword: 'ETRN' }, (view, call) =>
    etrn(view, {
      log,
      heloRequired: chosen.smtpdHeloRequired,
      mayAsk,
      served: (domain) => served(domain, call),
      flush: (domain) => (call.dry ? undefined : mta.shared.publish(mta.name, domain)),
    }),
  )
}

function facts(
  mta: Mta<never>,
  record: () => WaitingRecord,
  recorded: (domain: string) => MaybePromise<boolean>,
): void {
  mta.on.attempted.tap(({ messageId, recipient, outcome }) => {
    const domain = domainOf(recipient)
    if (outcome.kind !== 'deferred' || domain === '') return undefined
    const yes = recorded(domain)
    if (yes instanceof Promise)
      mta.background(async () => {
        if (await yes) record().add(domain, messageId)
      })
    else if (yes) record().add(domain, messageId)
    return undefined
  })
  mta.on.settled.tap(({ messageId }) => {
    record().remove(messageId)
    return undefined
  })
}

function run(mta: Mta<never>, chosen: Options, record: () => WaitingRecord, make: () => Flush): void {
  let flush: Flush | undefined
  let unsubscribe: (() => void) | undefined
  let timer: Timer | undefined
  const again = () => {
    timer?.cancel()
    if (chosen.fastFlushRefreshTime > 0) timer = mta.clock.after(chosen.fastFlushRefreshTime, compare)
  }
  const compare = () => flush?.compare(again)
  mta.lifecycle({
    start() {
      const asked = (flush = make())
      unsubscribe = mta.shared.subscribe(mta.name, (domain) => {
        if (typeof domain === 'string') asked.site(domain)
      })
    },
    ready() {
      if (record().complete) again()
      else compare()
    },
    drain() {
      unsubscribe?.()
      timer?.cancel()
      flush?.stop()
      flush = undefined
    },
  })
}
