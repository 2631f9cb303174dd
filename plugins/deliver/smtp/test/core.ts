/** What the core gives to a transport: the plugin applied, jobs, calls. */
import type {
  Call,
  DnsAnswer,
  Envelope,
  Job,
  JobRecipient,
  Lifecycle,
  Lookup,
  Mx,
  Outcome,
  Outcomes,
  OutgoingRewriter,
  Resolver,
  Transport,
} from '@postern/core'
import { systemClock } from '@postern/core'
import { fakeCall } from '@postern/testkit'
import smtp from '@postern/deliver-smtp'

const silent = { debug() {}, info() {}, warn() {}, error() {}, enabled: () => false }

/** A resolver over a table; what is not in it is NXDOMAIN, `fail` fails. */
export function tableResolver(
  mx: Record<string, readonly Mx[] | 'fail'>,
  a: Record<string, readonly string[] | 'fail'>,
): Resolver {
  const answer = <T>(records: readonly T[] | 'fail' | undefined): Promise<DnsAnswer<T>> =>
    Promise.resolve(
      records === undefined
        ? { kind: 'absent', nxdomain: true }
        : records === 'fail'
          ? { kind: 'failed', cause: 'SERVFAIL' }
          : records.length === 0
            ? { kind: 'absent', nxdomain: false }
            : { kind: 'found', records },
    )
  return {
    mx: (d) => answer(mx[d]),
    a: (h) => answer(a[h] === 'fail' ? 'fail' : a[h]?.filter((x) => !x.includes(':'))),
    aaaa: (h) => answer(a[h] === 'fail' ? 'fail' : a[h]?.filter((x) => x.includes(':'))),
    ptr: () => answer<string>([]),
    txt: () => answer<string>([]),
  }
}
export interface Rig {
  readonly transport: Transport
  readonly name: string
  stop(): Promise<void>
}
export function rig(
  options: object = {},
  resolver: Resolver = tableResolver({}, {}),
  as?: string,
  table?: (key: string) => Lookup | Promise<Lookup>,
  rewriter?: OutgoingRewriter,
  others: Record<string, Transport> = {},
): Rig {
  const hooks: Lifecycle[] = []
  const disposers: (() => Promise<void> | void)[] = []
  let made: [string, Transport] | undefined
  const mta = {
    as,
    name: as ?? 'deliver-smtp',
    site: { myhostname: 'mail.postern.example', headerSizeLimit: 102_400 },
    clock: systemClock,
    log: silent,
    table: () => ({ name: 'test:', get: (key: string) => table!(key) }),
    transport: (n: string) => n,
    deliver: (name: string, transport: Transport) => (made = [name, transport]),
    lifecycle: (h: Lifecycle) => hooks.push(h),
    keep<T>(_key: string, make: () => T, dispose: (v: T) => Promise<void> | void) {
      let value: T | undefined
      disposers.push(() => (value === undefined ? undefined : dispose(value)))
      return () => (value ??= make())
    },
  }
  const { definition } = smtp
  const outgoing = { get: () => rewriter }
  definition.apply(mta as never, definition.options.parse(options), {
    resolver,
    outgoing,
    transports: { get: (n: string) => others[n] },
  } as never)
  return {
    name: made![0],
    transport: made![1],
    async stop() {
      for (const h of hooks) await h.stop?.()
      for (const dispose of disposers) await dispose()
    },
  }
}

export interface Mail {
  readonly to?: readonly (string | Partial<JobRecipient>)[]
  readonly nexthop: string
  readonly envelope?: Partial<Envelope>
  readonly header?: string
  readonly body?: string | Uint8Array
  readonly stream?: () => AsyncIterable<Uint8Array>
}
export interface Settled {
  /** by address */
  readonly outcomes: Record<string, Outcome>
  /** addresses in the order of settlement */
  readonly order: string[]
}
export const call = (signal = new AbortController().signal): Call =>
  fakeCall({ signal, deadline: Infinity, log: silent })
/** Delivers and answers each recipient's outcome. A second outcome for a recipient is an error, as in the core. */
export async function deliver(to: Rig, mail: Mail, theCall: Call = call(), settled?: Settled): Promise<Settled> {
  const result = settled ?? { outcomes: {}, order: [] }
  const recipients = (mail.to ?? ['x@remote.example']).map((r, n): JobRecipient => {
    const given = typeof r === 'string' ? { address: r } : r
    return { n, address: given.address!, original: given.original ?? given.address!, ...given }
  })
  const settle = (recipient: JobRecipient, outcome: Outcome) => {
    if (result.outcomes[recipient.address]) throw new Error(`settled twice: ${recipient.address}`)
    result.outcomes[recipient.address] = outcome
    result.order.push(recipient.address)
  }
  const body = Buffer.from((mail.body ?? 'hello there\r\n') as string)
  const job = {
    messageId: 'M1',
    envelope: {
      sender: 'a@b.example',
      origin: { kind: 'submit', by: 'test' },
      created: 0,
      smtputf8: false,
      marks: {},
      reason: '',
      ...mail.envelope,
    },
    header: Buffer.from(mail.header ?? 'Subject: hello\r\n'),
    body: {
      size: body.length,
      bytes: mail.stream ? undefined : [body],
      stream:
        mail.stream ??
        async function* () {
          yield body
        },
    },
    transport: to.name,
    nexthop: mail.nexthop,
    recipients,
    marks: { get: () => undefined },
    settle,
    each: () => Promise.reject(new Error('not used')),
    all(outcome: Outcome) {
      for (const r of recipients) if (!result.outcomes[r.address]) settle(r, outcome)
      return {} as Outcomes
    },
  } as Job
  await to.transport.deliver(job, theCall)
  return result
}
